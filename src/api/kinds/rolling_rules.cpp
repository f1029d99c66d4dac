// Rules of rolling updates in batches, and of what the kind of the target cannot do.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "api/kinds/release_rules.h"
#include "api/kinds/rule_problems.h"

namespace slipway::api::rules {
namespace {

using data::Value;

// What the batches before have asked for.
struct Grown {
  BasisPoints percent = 0;
  std::int64_t replicas = 0;
};

void check_batch(Problems& out, const Value& batch, const std::string& path, Grown& before) {
  if (batch.has("replicas") == batch.has("percent")) return out.required(path, "one of replicas and percent");
  check_count(out, batch, "replicas", path, 1);
  check_percent(out, batch, path);
  check_duration(out, batch, "bake", path);
  if (batch.has("analysis")) check_analysis(out, batch["analysis"], path + ".analysis");
  if (before.percent == kWholeTraffic) return out.forbidden(path, "comes after a batch of 100 %: no pod is left");
  if (const auto share = batch.has("percent") ? weight_of(batch["percent"]) : std::nullopt) {
    if (*share < before.percent)
      out.invalid(path + ".percent", batch["percent"],
                  fmt::format("falls below the {} % of an earlier batch; batches only grow",
                              static_cast<double>(before.percent) / 100));
    before.percent = std::max(before.percent, *share);
  }
  if (batch["replicas"].as_int() < before.replicas && batch.has("replicas"))
    out.invalid(path + ".replicas", batch["replicas"],
                fmt::format("falls below the {} pods of an earlier batch; batches only grow", before.replicas));
  before.replicas = std::max(before.replicas, batch["replicas"].as_int());
}

}  // namespace

void check_budget(Problems& out, const Value& strategy, const std::string& path) {
  const auto zero = [](const Value& v) {
    return (v.is_int() && v.as_int() == 0) || v.as_string() == "0%" || v.as_string() == "0";
  };
  if (zero(strategy["maxSurge"]) && zero(strategy["maxUnavailable"]))
    out.invalid(path + ".maxUnavailable", strategy["maxUnavailable"], "may not be 0 when maxSurge is 0 as well");
}

void check_rolling(Problems& out, const Value& rolling, const std::string& path) {
  check_budget(out, rolling, path);
  check_duration(out, rolling, "bake", path);
  Grown before;
  for (std::size_t i = 0; i < rolling["batches"].size(); ++i)
    check_batch(out, rolling["batches"].at(i), fmt::format("{}.batches[{}]", path, i), before);
}

void check_target(Problems& out, const Value& spec) {
  const std::string_view kind = spec["target"]["kind"].as_string("Deployment");
  const Value& strategy = spec["strategy"];
  if (kind == "Deployment") return;
  if (kind != "StatefulSet" && kind != "DaemonSet")
    return out.invalid("spec.target.kind", spec["target"]["kind"], "must be Deployment, StatefulSet or DaemonSet");
  for (const char* beside : {"blueGreen", "gray", "abTest"})
    if (strategy.has(beside))
      out.forbidden(fmt::format("spec.strategy.{}", beside),
                    fmt::format("needs two complete versions side by side, and the pods of a {} are replaced in place: "
                                "use rolling, or canary without spec.traffic",
                                kind));
  if (spec["traffic"].is_object())
    out.forbidden("spec.traffic",
                  fmt::format("the pods of a {} are replaced in place: the requests follow the pods", kind));
  if (spec["config"]["configMaps"].as_string() == "Versioned")
    out.forbidden("spec.config.configMaps",
                  fmt::format("the pods of a {0} are made from its own template, so that they cannot read copies: give "
                              "its ConfigMaps names that change with their content, as kustomize does",
                              kind));
  for (const char* name : {"rolling", "canary"}) {
    if (strategy[name].has("maxSurge"))
      out.forbidden(fmt::format("spec.strategy.{}.maxSurge", name),
                    fmt::format("the pods of a {} are replaced in place: there is never one more", kind));
    if (kind == "StatefulSet" && strategy[name].has("maxUnavailable"))
      out.forbidden(fmt::format("spec.strategy.{}.maxUnavailable", name), "a StatefulSet replaces one pod at a time");
  }
}

}  // namespace slipway::api::rules
