#include "gateway/traffic_log.h"

#include <charconv>

#include "base/strings.h"
#include "gateway/config.h"

namespace slipway::gateway {
namespace {

constexpr std::size_t kMaxNames = 500;  // routes, Services and audiences that are followed; the rest is "other"
const std::string kOther = "other";

// "10.0.0.1:8080:web-5d8f" as model.cpp names servers. Empty where the proxy answered itself ("<NOSRV>").
std::string_view pod_of(std::string_view server) {
  const std::size_t port = server.find(':');
  const std::size_t pod = port == std::string_view::npos ? port : server.find(':', port + 1);
  return pod == std::string_view::npos ? std::string_view() : server.substr(pod + 1);
}

}  // namespace

struct TrafficLog::Series {
  TrafficWindow window;
  Failures failures;
  std::uint64_t total = 0;
  runtime::Histogram* durations = nullptr;
  runtime::Counter* retries = nullptr;
  std::map<int, runtime::Counter*> codes;
};

std::optional<LogLine> parse_log_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\0')) text.remove_suffix(1);
  auto f = base::split(text, ' ');
  if (f.size() != 13 || f[0] != kLogVersion || f[3] == "-" || f[5] == "-") return std::nullopt;
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
  line.server = f[10];
  line.method = f[11];
  line.path = f[12];
  return line;
}

TrafficLog::TrafficLog(runtime::Metrics& metrics) : metrics_(metrics) {}

void TrafficLog::name_rule(const std::string& rule, const std::string& space, const std::string& route,
                           const std::string& audience) {
  std::lock_guard lock(mutex_);
  routes_[rule] = {space, route, audience};
}

void TrafficLog::name_version(const std::string& space, const std::string& service, const std::string& hash) {
  std::lock_guard lock(mutex_);
  versions_[{space, service}] = hash;
}

TrafficLog::Name TrafficLog::name_now(const std::string& space, const std::string& route, const std::string& service,
                                      const std::string& audience) const {
  auto version = versions_.find({space, service});
  return {space, route, service, version == versions_.end() ? "" : version->second, audience};
}

TrafficLog::Name TrafficLog::name_of(const LogLine& line) const {
  const auto known = routes_.find(line.rule);
  if (known == routes_.end()) return name_now("", "", line.service, "");
  return name_now(known->second.space, known->second.route, line.service, known->second.audience);
}

TrafficLog::Series& TrafficLog::series_of(const LogLine& line) {
  Name name = name_of(line);
  if (!series_.contains(name) && series_.size() >= kMaxNames) name = {kOther, kOther, kOther, kOther, ""};
  auto& series = series_[name];
  if (series) return *series;
  series = std::make_shared<Series>();
  auto& [space, route, service, hash, audience] = name;
  runtime::Labels labels{space, route, service, hash, audience};
  series->durations = &metrics_
                           .histogram("slipway_gateway_request_duration_seconds",
                                      "Time from a request's header to the last byte of its answer.",
                                      {"namespace", "route", "service", "hash", "audience"})
                           .with(labels);
  series->retries = &metrics_
                         .counter("slipway_gateway_connection_retries_total",
                                  "Connections to a server that were tried again; answers never are.",
                                  {"namespace", "route", "service", "hash", "audience"})
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
    auto [space, route, service, hash, audience] = name_of(line);
    counter = &metrics_
                   .counter("slipway_gateway_requests_total", "Answers by status.",
                            {"namespace", "route", "service", "hash", "audience", "code"})
                   .with({space, route, service, hash, audience, std::to_string(code)});
  }
  counter->add();
  ++series.total;
  if (unanswered) return;
  series.durations->observe(base::to_seconds(line.duration));
  series.window.add(line.status, line.duration, at);
  if (line.status < 500) return;
  series.failures.add({.method = line.method,
                       .path = line.path,
                       .status = line.status,
                       .at = line.at,
                       .ended = at,
                       .on = pod_of(line.server)});
}

std::vector<const TrafficLog::Series*> TrafficLog::series_of_version(const Name& name) const {
  std::vector<const Series*> out;
  const auto version = [](const Name& n) {
    return std::tie(std::get<0>(n), std::get<1>(n), std::get<2>(n), std::get<3>(n));
  };
  for (auto it = series_.lower_bound(name); it != series_.end() && version(it->first) == version(name); ++it)
    if (std::get<4>(name).empty() || std::get<4>(it->first) == std::get<4>(name)) out.push_back(it->second.get());
  return out;
}

std::optional<TrafficLog::Answer> TrafficLog::ask(const std::string& space, const std::string& route,
                                                  const std::string& service, const std::string& audience,
                                                  std::string_view query, base::Duration window,
                                                  base::MonoTime now) const {
  return answer_of(sum(space, route, service, audience, window, now), query, window);
}

WindowSum TrafficLog::sum(const std::string& space, const std::string& route, const std::string& service,
                          const std::string& audience, base::Duration window, base::MonoTime now) const {
  std::lock_guard lock(mutex_);
  WindowSum out;
  for (const Series* series : series_of_version(name_now(space, route, service, audience)))
    gateway::add(out, series->window.sum(window, now));
  return out;
}

std::vector<FailureKind> TrafficLog::failures(const std::string& space, const std::string& route,
                                              const std::string& service, const std::string& audience,
                                              base::Duration window, base::MonoTime now) const {
  std::lock_guard lock(mutex_);
  std::vector<FailureKind> out;
  for (const Series* series : series_of_version(name_now(space, route, service, audience)))
    gateway::add(out, series->failures.kinds(window, now));
  return out;
}

std::uint64_t TrafficLog::total(const std::string& space, const std::string& route, const std::string& service) const {
  std::lock_guard lock(mutex_);
  std::uint64_t out = 0;
  for (const Series* series : series_of_version(name_now(space, route, service, ""))) out += series->total;
  return out;
}

std::uint64_t TrafficLog::lines_of(int pid) const {
  std::lock_guard lock(mutex_);
  auto found = lines_.find(pid);
  return found == lines_.end() ? 0 : found->second;
}

}  // namespace slipway::gateway
