#include "delivery/observe_in_place.h"

#include <algorithm>
#include <utility>

#include "api/meta.h"
#include "api/resource.h"
#include "base/strings.h"
#include "control/pod.h"
#include "control/pod_template.h"

namespace slipway::delivery {
namespace {

using control::World;
using data::Value;

std::string prefix_of(const Observation& o) { return std::string(api::name_of(o.workload)) + "-"; }

std::string without_prefix(std::string_view text, const std::string& prefix) {
  return std::string(text.starts_with(prefix) ? text.substr(prefix.size()) : text);
}

Value without_nulls(const Value& v) {
  if (v.is_array()) {
    Value out = Value::array();
    for (const Value& item : v.items()) out.push_back(without_nulls(item));
    return out;
  }
  if (!v.is_object()) return v;
  Value out = Value::object();
  for (const data::Member& m : v.members())
    if (Value value = without_nulls(m.value); !value.is_null()) out.set(m.key.view(), std::move(value));
  return out;
}

Version version_of(const Observation& o, const Value& revision) {
  return {.rs = revision,
          .name = std::string(api::name_of(revision)),
          .hash = without_prefix(api::name_of(revision), prefix_of(o)),
          .owner = Owner::Deployment};
}

Version& version_with(Observation& o, const std::string& hash) {
  for (Version& v : o.versions)
    if (v.hash == hash) return v;
  // Its revision is not known yet, or not any more.
  o.versions.push_back({.name = prefix_of(o) + hash, .hash = hash, .owner = Owner::Deployment});
  return o.versions.back();
}

PlacedPod placed_pod(const Observation& o, const Value& pod, base::Time now) {
  const base::Duration min_ready = control::min_ready_of(o.workload);
  PlacedPod out{.name = std::string(api::name_of(pod)),
                .uid = std::string(api::uid_of(pod)),
                .hash = without_prefix(api::label(pod, kRevisionHashLabel), prefix_of(o)),
                .stopping = api::is_deleting(pod),
                .available = !api::is_deleting(pod) && control::is_available(pod, min_ready, now),
                .available_at = control::available_at(pod, min_ready)};
  if (o.kind == plan::WorkloadKind::StatefulSet)
    out.ordinal = base::parse_int(without_prefix(out.name, prefix_of(o))).value_or(-1) -
                  o.workload["spec"]["ordinals"]["start"].as_int();
  return out;
}

void count(Version& v, const PlacedPod& placed, const Value& pod) {
  count_pod(v, pod);
  v.spec = v.pods;
  v.available += placed.available;
}

}  // namespace

std::string placed_template_hash(const Value& pod_template) {
  Value plain = without_nulls(pod_template);
  plain.erase("$patch");
  return control::template_hash(plain);
}

std::string revision_template_hash(const Value& controller_revision) {
  const Value& data = controller_revision["data"];
  if (data[kKeptTemplateHash].is_string()) return data[kKeptTemplateHash].str();
  const Value& pod_template = data["spec"]["template"];
  return pod_template.is_object() ? placed_template_hash(pod_template) : "";
}

const Version* Observation::asked() const {
  const Value& status = workload["status"];
  if (kind == plan::WorkloadKind::StatefulSet && status["observedGeneration"].as_int() >= api::generation_of(workload))
    for (const Version& v : versions)
      if (v.name == status["updateRevision"].as_string()) return &v;
  const std::string wanted = placed_template_hash(workload["spec"]["template"]);
  const Version* newest = nullptr;
  for (const Version& v : versions)
    if (revision_template_hash(v.rs) == wanted &&
        (!newest || v.rs["revision"].as_int() > newest->rs["revision"].as_int()))
      newest = &v;
  return newest;
}

void observe_in_place(const World& world, Observation& o, base::Time now) {
  if (o.workload.is_null()) return;
  for (const Value& revision : world.cache(api::kControllerRevisions).owned_by(api::uid_of(o.workload)))
    if (!api::is_deleting(revision)) o.versions.push_back(version_of(o, revision));
  for (const Value& pod : world.cache(api::kPods).owned_by(api::uid_of(o.workload))) {
    if (control::is_terminal(pod)) continue;
    PlacedPod placed = placed_pod(o, pod, now);
    count(version_with(o, placed.hash), placed, pod);
    o.placed.push_back(std::move(placed));
  }
  for (Version& v : o.versions) std::ranges::sort(v.ailing, {}, [](const Value& pod) { return api::name_of(pod); });
  std::ranges::sort(o.versions, {}, &Version::name);
  std::ranges::sort(o.placed, {}, [](const PlacedPod& p) { return std::pair(p.ordinal, p.name); });
}

}  // namespace slipway::delivery
