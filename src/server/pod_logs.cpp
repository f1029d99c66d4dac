#include "server/pod_logs.h"

#include "api/meta.h"
#include "api/resource.h"

namespace slipway::server {

using apiserver::LogReading;
using apiserver::LogRequest;
using apiserver::LogSink;

namespace {

// Passes what the reader gets on to the sink, as long as the reading lives.
class Reading final : public LogReading, public node::LogReader {
 public:
  explicit Reading(LogSink& sink) : sink_(sink) {}
  void data(std::string_view bytes) override { sink_.data(bytes); }
  void ended(std::optional<base::Error> why) override { sink_.ended(std::move(why)); }
  std::unique_ptr<node::LogStream> stream;

 private:
  LogSink& sink_;
};

bool may_still_write(const store::Store& store, const LogRequest& request) {
  const auto entry = store.published()->find({api::kPods.qualified(), request.space, request.pod});
  if (!entry || api::uid_of(entry->object) != request.uid) return false;
  for (const char* kind : {"containerStatuses", "initContainerStatuses"})
    for (const data::Value& container : entry->object["status"][kind].items())
      if (container["name"].as_string() == request.container) return container["state"]["terminated"].is_null();
  return true;
}

}  // namespace

base::Result<std::unique_ptr<LogReading>> PodLogs::open(const LogRequest& request, LogSink& sink) {
  node::LogQuery query;
  query.timestamps = request.timestamps;
  query.tail_lines = request.tail_lines;
  query.limit_bytes = request.limit_bytes;
  query.since = request.since;
  std::function<bool()> follows;
  if (request.follow) follows = [this, request] { return may_still_write(store_, request); };
  auto reading = std::make_unique<Reading>(sink);
  auto stream = logs_.open({.space = request.space,
                            .pod = request.pod,
                            .uid = request.uid,
                            .container = request.container,
                            .previous = request.previous},
                           query, std::move(follows), *reading);
  if (!stream) return base::fail(stream.error());
  reading->stream = std::move(*stream);
  return reading;
}

}  // namespace slipway::server
