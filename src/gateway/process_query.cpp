#include "gateway/process_query.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <filesystem>

#include "base/strings.h"
#include "base/time.h"
#include "data/json.h"

namespace slipway::gateway {
namespace {

using base::Code;
using base::Result;
using data::Value;

constexpr base::Duration kAnswerTime = base::seconds(10);
constexpr std::int64_t kProtocol = 1;
constexpr std::size_t kShownText = 200;  // of what a program says, in a message
constexpr std::size_t kMostWaiting = 1000;

// The end of it, on one line.
std::string last_words(std::string_view text) {
  text = base::trim(text);
  if (text.size() > kShownText) text.remove_prefix(text.size() - kShownText);
  std::string out(text);
  std::ranges::replace_if(out, [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, ' ');
  return out;
}

base::Error about(const std::string& name, Code code, const std::string& why) {
  return {code, fmt::format("metric process {} {}", name, why)};
}

bool is_program_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return (c < 0x80 && std::isalnum(c) != 0) || c == '-' || c == '.';
  });
}

}  // namespace

Result<MetricPrograms> read_metric_programs(const std::vector<std::string>& texts) {
  MetricPrograms out;
  for (const std::string& text : texts) {
    const auto equals = text.find('=');
    const std::string name = text.substr(0, equals), path = equals == text.npos ? "" : text.substr(equals + 1);
    const auto bad = [&](const char* why) {
      return base::fail(Code::Invalid, fmt::format("--metric-process {}: {}", text, why));
    };
    if (!is_program_name(name) || !path.starts_with('/')) return bad("must be NAME=/absolute/path of a program");
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(path, ignored) || ::access(path.c_str(), X_OK) != 0)
      return bad("there is no program that may be run");
    if (!out.emplace(name, path).second) return bad("this name is given already");
  }
  return out;
}

Result<Value> read_process_answer(const std::string& name, const runtime::real::ProgramEnd& end) {
  const auto answer = data::parse_json(end.output);
  const std::string said = answer ? (*answer)["error"].str() : "";
  if (!said.empty()) return base::fail(about(name, Code::Unavailable, "says: " + last_words(said)));
  if (end.status != 0)
    return base::fail(
        about(name, Code::Unavailable,
              fmt::format("ended with {}{}", end.status, end.errors.empty() ? "" : ": " + last_words(end.errors))));
  if (!answer || !answer->is_object() || !answer->has("value"))
    return base::fail(about(name, Code::Invalid,
                            "must answer with one JSON object with a value, not with: " + last_words(end.output)));
  Value out = Value::object({{"value", (*answer)["value"]}});
  const Value& samples = (*answer)["samples"];
  if (samples.is_null()) return out;
  if (!samples.is_int() || samples.as_int() < 0)
    return base::fail(about(name, Code::Invalid, "must give samples as a whole number that is not negative"));
  out.set("samples", samples);
  return out;
}

class ProcessQuery::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(runtime::real::Loop& loop, MetricPrograms programs) : loop_(loop), programs_(std::move(programs)) {}

  void perform(const Value& what, Done done) {
    const std::string name = what["program"].str();
    if (!programs_.contains(name)) return answer(std::move(done), base::fail(unknown(name)));
    if (waiting_.size() >= kMostWaiting)
      return answer(std::move(done),
                    base::fail(about(name, Code::TooManyRequests, "has too many questions before it")));
    waiting_.push_back({what, std::move(done)});
    start_next();
  }

 private:
  struct Question {
    Value what;
    Done done;
  };

  base::Error unknown(const std::string& name) const {
    std::vector<std::string> names;
    for (const auto& [known, _] : programs_) names.push_back(known);
    return about(
        name, Code::NotFound,
        fmt::format(
            "is not known here; known are: {}. The administrator gives it with --metric-process {}=/path/to/program",
            names.empty() ? "none" : base::join(names, ", "), name));
  }

  void answer(Done done, Result<Value> result) {
    loop_.post([done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
  }

  void start_next() {
    while (!waiting_.empty() && running_.size() < kMostAtOnce) {
      Question next = std::move(waiting_.front());
      waiting_.pop_front();
      start(std::move(next));
    }
  }

  void start(Question question) {
    const std::string name = question.what["program"].str();
    const Value asked =
        Value::object({{"version", kProtocol},
                       {"args", question.what["args"].is_object() ? question.what["args"] : Value::object()},
                       {"subject", question.what["subject"]}});
    runtime::real::ProgramOptions options{
        .environment = {"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8"},
        .clean_environment = true,
        .input = data::to_json(asked) + "\n",
        .limit = base::parse_duration(question.what["timeout"].as_string()).value_or(kAnswerTime),
        .most_output = kMostProcessOutput};
    const std::uint64_t id = ++started_;
    running_[id] = runtime::real::run_program(
        loop_, {programs_.at(name)}, std::move(options),
        [this, id, name, done = std::move(question.done)](Result<runtime::real::ProgramEnd> end) mutable {
          // It is taken apart after its own callback.
          loop_.post([self = weak_from_this(), id] {
            const auto impl = self.lock();
            if (!impl) return;
            impl->running_.erase(id);
            impl->start_next();
          });
          done(end ? read_process_answer(name, *end) : Result<Value>(base::fail(failure(name, end.error()))));
        });
  }

  // Says nothing of the path.
  static base::Error failure(const std::string& name, const base::Error& error) {
    switch (error.code) {
      case Code::Timeout:
        return about(name, error.code, "has not answered in time");
      case Code::TooLarge:
        return about(name, error.code, fmt::format("says more than {} bytes", kMostProcessOutput));
      default:
        return about(name, Code::Unavailable, "could not be started");
    }
  }

  runtime::real::Loop& loop_;
  const MetricPrograms programs_;
  std::deque<Question> waiting_;
  std::map<std::uint64_t, std::unique_ptr<runtime::real::RunningProgram>> running_;
  std::uint64_t started_ = 0;
};

ProcessQuery::ProcessQuery(runtime::real::Loop& loop, MetricPrograms programs)
    : impl_(std::make_shared<Impl>(loop, std::move(programs))) {}
ProcessQuery::~ProcessQuery() = default;
void ProcessQuery::perform(const std::string&, const Value& what, Done done) { impl_->perform(what, std::move(done)); }

}  // namespace slipway::gateway
