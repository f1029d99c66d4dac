// What clients got, per route and Service: sliding windows of the last ten minutes in buckets of a second, and totals.
//
// A Service here is a version of the app. Fed by the access log; asked by analyses. Threads: all.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/time.h"
#include "gateway/combine.h"
#include "gateway/failures.h"
#include "gateway/traffic_window.h"
#include "runtime/metrics.h"

namespace slipway::gateway {

struct LogLine {
  base::Time at{};  // of the end of the answer
  int pid = 0;
  std::string rule;
  std::string section;
  std::string service;
  int status = 0;              // 0: no answer, the client went away
  base::Duration duration{0};  // from the request's header to the answer's last byte
  int retries = 0;             // connections tried again
  bool client_gave_up = false;
  std::string server = {};             // address, port and pod, as model.cpp names servers
  std::string method = {}, path = {};  // the path without a query
  bool operator==(const LogLine&) const = default;
};

// One line as config.cpp asks the proxy to write it; nullopt for anything else.
std::optional<LogLine> parse_log_line(std::string_view text);

class TrafficLog {
 public:
  explicit TrafficLog(runtime::Metrics& metrics);

  // Which route a rule belongs to. Lines of rules that are not known count under an empty route.
  void name_rule(const std::string& rule, const std::string& space, const std::string& route,
                 const std::string& audience);
  // Which version is behind a Service from now on (its selector's pod-template-hash; empty: all). Requests of different
  // versions are never counted together: a Service that a release uses again begins at zero.
  void name_version(const std::string& space, const std::string& service, const std::string& hash);
  void add(const LogLine& line, base::MonoTime at);

  using Answer = MetricAnswer;
  // Of the version that is behind the Service now. query: error-rate (5xx among all), requests, rate (per second), p50,
  // p90, p95, p99 (seconds). Of the requests of one audience (route.h), or of all when it is empty.
  std::optional<Answer> ask(const std::string& space, const std::string& route, const std::string& service,
                            const std::string& audience, std::string_view query, base::Duration window,
                            base::MonoTime now) const;  // nullopt: no such query
  // The same as counts and a histogram, which can be added to those of other gateways (combine.h).
  WindowSum sum(const std::string& space, const std::string& route, const std::string& service,
                const std::string& audience, base::Duration window, base::MonoTime now) const;
  // What requests of that version failed.
  std::vector<FailureKind> failures(const std::string& space, const std::string& route, const std::string& service,
                                    const std::string& audience, base::Duration window, base::MonoTime now) const;
  std::uint64_t total(const std::string& space, const std::string& route, const std::string& service) const;
  std::uint64_t lines_of(int pid) const;  // lines of backends that a worker has written since we listen

 private:
  struct Series;
  // Namespace, route, service, version, audience.
  using Name = std::tuple<std::string, std::string, std::string, std::string, std::string>;
  struct RuleName {
    std::string space, route, audience;
  };
  Name name_now(const std::string& space, const std::string& route, const std::string& service,
                const std::string& audience) const;
  Name name_of(const LogLine& line) const;
  Series& series_of(const LogLine& line);
  // All series of a version on a route, whatever their audience, or those of one.
  std::vector<const Series*> series_of_version(const Name& name) const;

  runtime::Metrics& metrics_;
  mutable std::mutex mutex_;
  std::map<std::string, RuleName> routes_;
  std::map<std::pair<std::string, std::string>, std::string> versions_;
  std::map<Name, std::shared_ptr<Series>> series_;
  std::map<int, std::uint64_t> lines_;
};

}  // namespace slipway::gateway
