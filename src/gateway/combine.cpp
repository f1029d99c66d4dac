#include "gateway/combine.h"

#include <algorithm>
#include <map>
#include <string>

namespace slipway::gateway {
namespace {

using data::Value;

const std::map<std::string_view, double> kQuantiles{{"p50", 0.5}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}};

std::optional<double> value_of(const WindowSum& sum, std::string_view query, base::Duration window) {
  if (query == "requests") return static_cast<double>(sum.requests);
  if (query == "rate") return static_cast<double>(sum.requests) / base::to_seconds(window);
  if (sum.requests == 0) return std::nullopt;
  if (query == "error-rate") return static_cast<double>(sum.errors) / static_cast<double>(sum.requests);
  return sum.durations.quantile(kQuantiles.at(query));
}

// One backend of one rule, as all answers show it.
struct Backend {
  std::size_t seen = 0;  // by so many answers
  std::int64_t weight = 0, share = 0, servers = 0, sessions = 0, requests = 0;
  bool differs = false;

  void add(const Value& b) {
    const std::int64_t here = b["share"].as_int(), servers_here = b["servers"].as_int();
    differs = differs || (seen > 0 && share != here);
    servers = seen == 0 ? servers_here : std::min(servers, servers_here);
    share = std::max(share, here);
    weight = b["weight"].as_int();
    sessions += b["sessions"].as_int();
    requests += b["requests"].as_int();
    ++seen;
  }
};

Value combined_rule(const std::vector<Value>& answers, std::size_t index) {
  std::map<std::string, Backend> backends;
  std::string held;
  for (const Value& answer : answers) {
    const Value& rule = answer["rules"].at(index);
    for (const Value& b : rule["backends"].items()) backends[b["service"].str()].add(b);
    if (held.empty()) held = rule["held"].str();
  }
  Value list = Value::array();
  for (auto& [service, b] : backends) {
    // One that does not know the backend gives it nothing, and has no server of it.
    const bool unknown = b.seen < answers.size();
    if (held.empty() && (b.differs || (unknown && b.share > 0))) held = "the replicas do not show the same yet";
    list.push_back(Value::object({{"service", service},
                                  {"weight", b.weight},
                                  {"share", b.share},
                                  {"servers", unknown ? 0 : b.servers},
                                  {"sessions", b.sessions},
                                  {"requests", b.requests}}));
  }
  Value out = Value::object({{"backends", std::move(list)}});
  if (!held.empty()) out.set("held", held);
  return out;
}

}  // namespace

std::optional<MetricAnswer> answer_of(const WindowSum& sum, std::string_view query, base::Duration window) {
  const bool known = query == "requests" || query == "rate" || query == "error-rate" || kQuantiles.contains(query);
  if (!known || window <= base::Duration(0)) return std::nullopt;
  return MetricAnswer{value_of(sum, query, window), sum.requests};
}

Value to_value(const WindowSum& sum) {
  Value durations = Value::array();
  for (int i = 0; i < FineHistogram::kBuckets; ++i) {
    if (const auto count = sum.durations.count_of(i); count > 0)
      durations.push_back(Value::array({i, static_cast<std::int64_t>(count)}));
  }
  return Value::object({{"requests", static_cast<std::int64_t>(sum.requests)},
                        {"errors", static_cast<std::int64_t>(sum.errors)},
                        {"durations", std::move(durations)}});
}

Value to_value(const MetricAnswer& answer) {
  return Value::object({{"value", answer.value ? Value(*answer.value) : Value()},
                        {"samples", static_cast<std::int64_t>(answer.samples)}});
}

base::Result<WindowSum> window_sum_of(const Value& value) {
  const auto bad = [] { return base::fail(base::Code::Invalid, "not counts of a window"); };
  WindowSum out;
  const std::int64_t requests = value["requests"].as_int(-1), errors = value["errors"].as_int(-1);
  if (requests < 0 || errors < 0 || !value["durations"].is_array()) return bad();
  out.requests = static_cast<std::uint64_t>(requests);
  out.errors = static_cast<std::uint64_t>(errors);
  for (const Value& pair : value["durations"].items()) {
    const std::int64_t bucket = pair.at(0).as_int(-1), count = pair.at(1).as_int(-1);
    if (bucket < 0 || bucket >= FineHistogram::kBuckets || count < 0 || count > UINT32_MAX) return bad();
    out.durations.add_to(static_cast<int>(bucket), static_cast<std::uint32_t>(count));
  }
  return out;
}

void add(WindowSum& to, const WindowSum& more) {
  to.requests += more.requests;
  to.errors += more.errors;
  to.durations.merge(more.durations);
}

Value combined_traffic(const std::vector<Value>& answers) {
  std::int64_t generation = INT64_MAX;
  std::size_t rules = 0;
  for (const Value& answer : answers) {
    generation = std::min(generation, answer["generation"].as_int());
    rules = std::max(rules, answer["rules"].size());
  }
  Value list = Value::array();
  for (std::size_t i = 0; i < rules; ++i) list.push_back(combined_rule(answers, i));
  return Value::object({{"generation", answers.empty() ? 0 : generation}, {"rules", std::move(list)}});
}

}  // namespace slipway::gateway
