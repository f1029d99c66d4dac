#include "delivery/evidence/figures.h"

#include <algorithm>
#include <map>
#include <optional>

#include "api/meta.h"
#include "base/time.h"
#include "delivery/troubles/trouble.h"
#include "runtime/exposition.h"

namespace slipway::delivery::evidence {
namespace {

using data::Value;
using runtime::LabelPairs;

std::optional<base::Time> time_of(const Value& v) {
  return v.is_string() ? base::parse_time(v.as_string()) : std::nullopt;
}

// The lines of one Release while they are written.
struct Writer {
  std::string& out;
  const Value& release;

  void line(Shown family, LabelPairs more, std::string_view value = "1") const {
    LabelPairs labels = {{"namespace", api::space_of(release)}, {"name", api::name_of(release)}};
    labels.insert(labels.end(), more.begin(), more.end());
    runtime::write_sample(out, release_families()[static_cast<std::size_t>(family)].name, labels, value);
  }
  void number(Shown family, LabelPairs more, double value) const {
    line(family, std::move(more), runtime::metric_number(value));
  }
  void time(Shown family, LabelPairs more, const Value& when) const {
    if (const auto t = time_of(when)) number(family, std::move(more), base::to_seconds(t->time_since_epoch()));
  }
};

std::string_view router_of(const Value& release) {
  const Value& traffic = release["spec"]["traffic"];
  return traffic.is_object() ? traffic["kind"].as_string("HTTPRoute") : "none";
}

void write_replicas(const Writer& w, bool under_way) {
  const Value& replicas = w.release["status"]["replicas"];
  if (!replicas.is_object()) return;
  const auto version = [&](const char* name, const char* wanted, const char* ready) {
    w.number(Shown::Replicas, {{"version", name}, {"state", "wanted"}}, replicas[wanted].as_double());
    w.number(Shown::Replicas, {{"version", name}, {"state", "ready"}}, replicas[ready].as_double());
  };
  version("stable", "stable", "stableReady");
  if (under_way) version("candidate", "candidate", "candidateReady");
}

void write_traffic(const Writer& w) {
  const Value& traffic = w.release["status"]["traffic"];
  for (const char* seen : {"wanted", "verified"})
    if (traffic[seen].is_number()) w.number(Shown::Traffic, {{"seen", seen}}, traffic[seen].as_double() / 100);
}

void write_variant_replicas(const Writer& w, const Value& variants) {
  for (const Value& v : variants.items())
    for (const auto& [state, field] : {std::pair("wanted", "replicas"), std::pair("ready", "ready")})
      w.number(Shown::VariantReplicas, {{"variant", v["name"].as_string()}, {"state", state}}, v[field].as_double());
}

void write_variant_traffic(const Writer& w, const Value& variants) {
  double rest = 100;
  for (const Value& v : variants.items()) {
    rest -= v["share"].as_double();
    w.number(Shown::VariantTraffic, {{"variant", v["name"].as_string()}}, v["share"].as_double() / 100);
  }
  if (variants.size() > 0) w.number(Shown::VariantTraffic, {{"variant", "stable"}}, rest / 100);
}

void write_variant_requests(const Writer& w, const Value& variants) {
  const auto counted = [&](std::string_view name, const Value& requests) {
    if (requests.is_number()) w.number(Shown::VariantRequests, {{"variant", name}}, requests.as_double());
  };
  for (const Value& v : variants.items()) counted(v["name"].as_string(), v["requests"]);
  if (variants.size() > 0) counted("stable", w.release["status"]["traffic"]["stableRequests"]);
}

void write_variant_stops(const Writer& w, const Value& variants) {
  for (const Value& v : variants.items())
    if (v.has("stoppedAt"))
      w.line(Shown::VariantStopped, {{"variant", v["name"].as_string()}, {"cause", v["cause"].as_string()}});
}

void write_stalled(const Writer& w) {
  const Value& stalled = api::condition(w.release, "Stalled");
  if (stalled["status"].as_string() == "True") w.line(Shown::Stalled, {{"reason", stalled["reason"].as_string()}});
}

// One line a code, whichever versions have it; what is worst counts.
void write_troubles(const Writer& w) {
  std::map<std::string_view, delivery::Trouble> worst;
  for (const Value& each : w.release["status"]["troubles"].items()) {
    const auto trouble = trouble_of(each);
    if (!trouble) continue;
    const auto [known, is_new] = worst.emplace(entry_of(trouble->kind).code, *trouble);
    if (!is_new) known->second.cure = std::max(known->second.cure, trouble->cure);
  }
  for (const auto& [code, trouble] : worst)
    w.line(Shown::Trouble, {{"code", code}, {"trouble", entry_of(trouble.kind).name}, {"cure", to_text(trouble.cure)}});
}

void write_ends(const Writer& w, const Ends& ends) {
  if (!ends.counting) return;
  for (std::size_t i = 0; i < kResults.size(); ++i)
    w.line(Shown::Finished, {{"result", kResults[i]}}, std::to_string(ends.ends[i]));
}

}  // namespace

const std::array<FamilyHead, kShown>& release_families() {
  static const std::array<FamilyHead, kShown> all = {{
      {"slipway_release_info", "gauge", "Each Release, with how it releases and the phase it is in."},
      {"slipway_release_replicas", "gauge", "Pods of both versions, wanted and ready."},
      {"slipway_release_traffic_ratio", "gauge",
       "Share of the traffic that the candidate is to have, and was seen to have; 0 to 1."},
      {"slipway_release_variant_replicas", "gauge", "Pods of each variant of an A/B test under way, wanted and ready."},
      {"slipway_release_variant_traffic_ratio", "gauge", "Share of all requests that a variant has; 0 to 1."},
      {"slipway_release_variant_requests", "gauge",
       "Requests that the router has counted for a variant and for the stable version since the test began."},
      {"slipway_release_variant_stopped", "gauge", "1 for a variant that was stopped, by the cause."},
      {"slipway_release_step", "gauge", "The step of the release under way, from 1."},
      {"slipway_release_steps", "gauge", "Steps of the release under way."},
      {"slipway_release_started_timestamp_seconds", "gauge", "When the release under way began."},
      {"slipway_release_step_started_timestamp_seconds", "gauge", "When its present step of the plan began."},
      {"slipway_release_waiting", "gauge", "1 while a Release waits for a person, a window, a stop or its turn."},
      {"slipway_release_halted", "gauge", "1 while a failure waits for a person's answer."},
      {"slipway_release_stalled", "gauge", "1 while the API server refuses what the Release needs."},
      {"slipway_release_trouble", "gauge", "1 for each trouble of the Release, by its code (docs/troubles.md)."},
      {"slipway_release_last_result_timestamp_seconds", "gauge", "When the last release ended, by its result."},
      {"slipway_release_last_verification", "gauge",
       "1 for how the verification ended of the rollback that was the last release."},
      {"slipway_release_finished_total", "counter", "Releases that ended, by result, since this process counts."},
  }};
  return all;
}

std::string_view strategy_of(const Value& release) {
  const auto members = release["spec"]["strategy"].members();
  return members.empty() ? "unknown" : members.front().key.view();
}

std::string_view wait_of(const Value& release) {
  const Value& status = release["status"];
  const std::string_view phase = status["phase"].as_string();
  if (phase == "Waiting") return status["waiting"]["reason"].as_string();
  if (phase != "Paused") return "";
  return status["halt"].is_object() ? "Halt" : "Person";
}

Figures::Figures(const Value& release, const Ends& ends)
    : strategy_(strategy_of(release)), phase_(release["status"]["phase"].str("Pending")) {
  const Writer w{text_, release};
  const Value& status = release["status"];
  const bool under_way = status["candidate"].is_object();
  w.line(Shown::Info, {{"strategy", strategy_}, {"router", router_of(release)}, {"phase", phase_}});
  end(Shown::Info);
  write_replicas(w, under_way);
  end(Shown::Replicas);
  if (under_way) write_traffic(w);
  end(Shown::Traffic);
  const Value& variants = status["variants"];
  write_variant_replicas(w, variants);
  end(Shown::VariantReplicas);
  write_variant_traffic(w, variants);
  end(Shown::VariantTraffic);
  write_variant_requests(w, variants);
  end(Shown::VariantRequests);
  write_variant_stops(w, variants);
  end(Shown::VariantStopped);
  const bool stepping = under_way && status["step"].is_object();
  if (stepping) w.number(Shown::Step, {}, status["step"]["index"].as_double() + 1);
  end(Shown::Step);
  if (stepping) w.number(Shown::Steps, {}, status["step"]["count"].as_double());
  end(Shown::Steps);
  if (under_way) w.time(Shown::Started, {}, status["candidate"]["startedAt"]);
  end(Shown::Started);
  if (under_way) w.time(Shown::StepStarted, {}, status["position"]["since"]);
  end(Shown::StepStarted);
  if (const auto wait = wait_of(release); !wait.empty()) w.line(Shown::Waiting, {{"reason", wait}});
  end(Shown::Waiting);
  if (status["halt"].is_object()) w.line(Shown::Halted, {{"cause", status["halt"]["cause"].as_string()}});
  end(Shown::Halted);
  write_stalled(w);
  end(Shown::Stalled);
  write_troubles(w);
  end(Shown::Trouble);
  const Value& last = status["history"].at(0);
  if (last.is_object()) w.time(Shown::LastResult, {{"result", last["result"].as_string()}}, last["finishedAt"]);
  end(Shown::LastResult);
  if (last.has("verification")) w.line(Shown::LastVerification, {{"result", last["verification"].as_string()}});
  end(Shown::LastVerification);
  write_ends(w, ends);
  end(Shown::Finished);
  text_.shrink_to_fit();
}

std::string_view Figures::of(std::size_t family) const {
  const std::uint32_t begin = family == 0 ? 0 : ends_[family - 1];
  return std::string_view(text_).substr(begin, ends_[family] - begin);
}

}  // namespace slipway::delivery::evidence
