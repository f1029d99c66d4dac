#include "gateway/traffic_log.h"

#include <charconv>

#include "base/strings.h"
#include "gateway/config.h"

namespace slipway::gateway {
namespace {

constexpr std::size_t kMaxNames = 500;  // routes times Services that are followed; the rest counts under "other"
const std::string kOther = "other";

}  // namespace

struct TrafficLog::Series {
  TrafficWindow window;
  std::uint64_t total = 0;
  runtime::Histogram* durations = nullptr;
  runtime::Counter* retries = nullptr;
  std::map<int, runtime::Counter*> codes;
};

std::optional<LogLine> parse_log_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\0')) text.remove_suffix(1);
  auto f = base::split(text, ' ');
  if (f.size() != 11 || f[0] != kLogVersion || f[3] == "-" || f[5] == "-") return std::nullopt;
  auto at = base::parse_int(f[1]), pid = base::parse_int(f[2]), status = base::parse_int(f[6]),
       micros = base::parse_int(f[7]);
  std::string_view retries = f[8];
  if (retries.starts_with('+')) retries.remove_prefix(1);  // sent to another server in the end
  auto tries = base::parse_int(retries);
  if (!at || !pid || !status || !micros || !tries) return std::nullopt;
  LogLine line{.at = base::Time(base::milliseconds(*at)),
               .pid = static_cast<int>(*pid),
               .rule = std::string(f[3]),
               .section = std::string(f[4]),
               .service = std::string(f[5])};
  line.status = *status < 0 ? 0 : static_cast<int>(*status);
  line.duration = base::microseconds(std::max<std::int64_t>(0, *micros));
  line.retries = static_cast<int>(*tries);
  line.client_gave_up = f[9].starts_with('C') || f[9].starts_with('c');
  return line;
}

TrafficLog::TrafficLog(runtime::Metrics& metrics) : metrics_(metrics) {}

void TrafficLog::name_rule(const std::string& rule, const std::string& space, const std::string& route) {
  std::lock_guard lock(mutex_);
  routes_[rule] = {space, route};
}

void TrafficLog::name_version(const std::string& space, const std::string& service, const std::string& hash) {
  std::lock_guard lock(mutex_);
  versions_[{space, service}] = hash;
}

TrafficLog::Name TrafficLog::name_now(const std::string& space, const std::string& route,
                                      const std::string& service) const {
  auto version = versions_.find({space, service});
  return {space, route, service, version == versions_.end() ? "" : version->second};
}

TrafficLog::Series& TrafficLog::series_of(const LogLine& line) {
  auto known = routes_.find(line.rule);
  Name name = known == routes_.end() ? name_now("", "", line.service)
                                     : name_now(known->second.first, known->second.second, line.service);
  if (!series_.contains(name) && series_.size() >= kMaxNames) name = {kOther, kOther, kOther, kOther};
  auto& series = series_[name];
  if (series) return *series;
  series = std::make_shared<Series>();
  auto& [space, route, service, hash] = name;
  runtime::Labels labels{space, route, service, hash};
  series->durations = &metrics_
                           .histogram("slipway_gateway_request_duration_seconds",
                                      "Time from a request's header to the last byte of its answer.",
                                      {"namespace", "route", "service", "hash"})
                           .with(labels);
  series->retries = &metrics_
                         .counter("slipway_gateway_connection_retries_total",
                                  "Connections to a server that were tried again; answers never are.",
                                  {"namespace", "route", "service", "hash"})
                         .with(labels);
  return *series;
}

void TrafficLog::add(const LogLine& line, base::MonoTime at) {
  std::lock_guard lock(mutex_);
  Series& series = series_of(line);
  ++lines_[line.pid];
  series.retries->add(static_cast<std::uint64_t>(line.retries));
  // A client that went away before an answer says nothing about the version; it is counted under code 499, as is
  // customary.
  bool unanswered = line.status == 0 || (line.client_gave_up && line.status >= 500);
  int code = unanswered ? 499 : line.status;
  auto& counter = series.codes[code];
  if (!counter) {
    auto known = routes_.find(line.rule);
    auto [space, route] = known == routes_.end() ? std::pair<std::string, std::string>() : known->second;
    counter = &metrics_
                   .counter("slipway_gateway_requests_total", "Answers by status.",
                            {"namespace", "route", "service", "hash", "code"})
                   .with({space, route, line.service, std::get<3>(name_now(space, route, line.service)),
                          std::to_string(code)});
  }
  counter->add();
  ++series.total;
  if (unanswered) return;
  series.durations->observe(base::to_seconds(line.duration));
  series.window.add(line.status, line.duration, at);
}

std::optional<TrafficLog::Answer> TrafficLog::ask(const std::string& space, const std::string& route,
                                                  const std::string& service, std::string_view query,
                                                  base::Duration window, base::MonoTime now) const {
  return answer_of(sum(space, route, service, window, now), query, window);
}

WindowSum TrafficLog::sum(const std::string& space, const std::string& route, const std::string& service,
                          base::Duration window, base::MonoTime now) const {
  std::lock_guard lock(mutex_);
  auto found = series_.find(name_now(space, route, service));
  return found == series_.end() ? WindowSum{} : found->second->window.sum(window, now);
}

std::uint64_t TrafficLog::total(const std::string& space, const std::string& route, const std::string& service) const {
  std::lock_guard lock(mutex_);
  auto found = series_.find(name_now(space, route, service));
  return found == series_.end() ? 0 : found->second->total;
}

std::uint64_t TrafficLog::lines_of(int pid) const {
  std::lock_guard lock(mutex_);
  auto found = lines_.find(pid);
  return found == lines_.end() ? 0 : found->second;
}

}  // namespace slipway::gateway
