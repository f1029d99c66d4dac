#include "apiserver/logs.h"

#include <algorithm>

#include "api/meta.h"
#include "apiserver/errors.h"
#include "base/strings.h"

namespace slipway::apiserver {
namespace {

using base::fail;
using data::Value;

constexpr const char* kLists[] = {"containers", "initContainers", "ephemeralContainers"};

bool has_container(const Value& pod, std::string_view name) {
  for (const char* list : kLists)
    for (const Value& container : pod["spec"][list].items())
      if (container["name"].as_string() == name) return true;
  return false;
}

std::string all_containers(const Value& pod) {
  std::vector<std::string> names;
  for (const Value& container : pod["spec"]["containers"].items()) names.push_back(container["name"].str());
  return base::join(names, " ");
}

base::Result<std::string> container_of(const Value& pod, std::string_view asked) {
  std::string name(api::name_of(pod));
  if (!asked.empty() && has_container(pod, asked)) return std::string(asked);
  if (!asked.empty()) return fail(bad_request("container " + std::string(asked) + " is not valid for pod " + name));
  auto containers = pod["spec"]["containers"].items();
  if (containers.size() == 1) return containers[0]["name"].str();
  return fail(bad_request("a container name must be specified for pod " + name + ", choose one of: [" +
                          all_containers(pod) + "]"));
}

class LogStream final : public Stream, private LogSink {
 public:
  LogStream(LogSource& source, LogRequest request) : source_(source), request_(std::move(request)) {}
  std::string content_type() const override { return "text/plain"; }

  void start(StreamSink& sink) override {
    sink_ = &sink;
    auto reading = source_.open(request_, *this);
    if (reading)
      reading_ = std::move(*reading);
    else
      ended(reading.error());
  }

 private:
  void data(std::string_view bytes) override { sink_->data(bytes); }
  void ended(std::optional<base::Error> why) override {
    // The status line is out already, so trouble can only be told in the text.
    if (why) sink_->data(why->message + "\n");
    sink_->ended();
  }

  LogSource& source_;
  LogRequest request_;
  StreamSink* sink_ = nullptr;
  std::unique_ptr<LogReading> reading_;
};

}  // namespace

base::Result<LogRequest> log_request(const Value& pod, const Options& options, base::Time now) {
  auto container = container_of(pod, options.get("container"));
  if (!container) return fail(container.error());
  LogRequest out{.space = std::string(api::space_of(pod)),
                 .pod = std::string(api::name_of(pod)),
                 .uid = std::string(api::uid_of(pod)),
                 .node = pod["spec"]["nodeName"].str(),
                 .container = std::move(*container)};
  if (out.node.empty()) return fail(bad_request("pod " + out.pod + " does not have a host assigned"));
  out.follow = options.flag("follow");
  out.previous = options.flag("previous");
  out.timestamps = options.flag("timestamps");
  out.tail_lines = base::parse_int(options.get("tailLines"));
  out.limit_bytes = base::parse_int(options.get("limitBytes"));
  if (auto seconds = base::parse_int(options.get("sinceSeconds"))) out.since = now - base::seconds(*seconds);
  if (auto time = base::parse_time(options.get("sinceTime"))) out.since = *time;
  return out;
}

std::unique_ptr<Stream> log_stream(LogSource& source, LogRequest request) {
  return std::make_unique<LogStream>(source, std::move(request));
}

}  // namespace slipway::apiserver
