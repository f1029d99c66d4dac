#include "demo/load.h"

#include <thread>

#include "data/json.h"

namespace slipway::demo {

using data::Value;

base::Result<Load> Load::start(const LoadOptions& options) {
  auto child = runtime::Child::start({options.program, "--target", options.target, "--host", options.host, "--rate",
                                      std::to_string(options.rate), "--users", std::to_string(options.users)});
  if (!child) return base::fail(child.error());
  return Load(std::move(*child));
}

base::Result<Value> Load::ask(const std::string& command) {
  if (auto written = child_.write_line(command); !written) return base::fail(written.error());
  auto line = child_.read_line(base::seconds(10));
  if (!line) return base::fail(line.error());
  auto answer = data::parse_json(*line);
  if (answer && answer->has("error"))
    return base::fail(base::Code::Internal, "load generator: " + (*answer)["error"].str());
  return answer;
}

base::Result<void> Load::mark(const std::string& name) {
  const auto answer = ask("mark " + name);
  return answer ? base::Result<void>() : base::fail(answer.error());
}

base::Result<Value> Load::snapshot(const std::string& name) { return ask("snapshot " + name); }

base::Result<Value> Load::settled(const std::string& name, base::Duration limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    auto segment = snapshot(name);
    if (!segment || (*segment)["in_flight"].as_int() == 0 || std::chrono::steady_clock::now() > deadline)
      return segment;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

base::Result<void> Load::reset() {
  const auto answer = ask("reset");
  return answer ? base::Result<void>() : base::fail(answer.error());
}

base::Result<Value> Load::totals() {
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // what is under way now is answered and counted
  return ask("totals");
}

base::Result<std::int64_t> Load::users_of(const std::string& name, const std::string& version) {
  const auto answer = ask("users " + name + " " + version);
  if (!answer) return base::fail(answer.error());
  return static_cast<std::int64_t>((*answer)["users"].size());
}

base::Result<void> Load::stop() {
  auto written = child_.write_line("stop");
  child_.wait();
  return written;
}

Counted counted(const Value& segment) {
  return {.requests = segment["sent"].as_int(), .failed = segment["failed"].as_int()};
}

StepShare share_of(const Value& segment, const std::string& version, double weight, std::int64_t users_on_version) {
  StepShare step{.weight = weight};
  for (const data::Member& member : segment["versions"].members())
    step.requests += member.value["without_user"].as_int();
  step.on_candidate = segment["versions"][version]["without_user"].as_int();
  step.users = segment["users"]["seen"].as_int();
  step.users_on_candidate = users_on_version;
  return step;
}

}  // namespace slipway::demo
