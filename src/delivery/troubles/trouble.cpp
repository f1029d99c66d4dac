#include "delivery/troubles/trouble.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/strings.h"
#include "delivery/status_parts.h"

namespace slipway::delivery {
namespace {

using data::Value;

constexpr std::string_view kEventsOfObject =
    "slipway get events -n {namespace} --field-selector involvedObject.name={name}";

using K = TroubleKind;
constexpr std::array kEntries = {
    TroubleEntry{K::CrashLoop, "REL-P01", "CrashLoop", "A container ends again and again.",
                 "slipway logs pod/{name} -n {namespace} --previous", Cure::Version},
    TroubleEntry{K::OutOfMemory, "REL-P02", "OutOfMemory",
                 "A container was killed because its memory limit is too low.",
                 "slipway get pod {name} -n {namespace} -o yaml", Cure::Version},
    TroubleEntry{K::ImagePull, "REL-P03", "ImagePull", "An image cannot be pulled.",
                 "slipway deploy {release} -n {namespace} --image CONTAINER=IMAGE", Cure::Time},
    TroubleEntry{K::ContainerConfig, "REL-P04", "ContainerConfig",
                 "A container cannot be made: a ConfigMap, a Secret or a key that it names is missing, or it has no "
                 "command that can be run.",
                 kEventsOfObject, Cure::Somebody},
    TroubleEntry{K::Unschedulable, "REL-P05", "Unschedulable", "No node takes the pod.", "slipway get nodes",
                 Cure::Time},
    TroubleEntry{K::VolumeMount, "REL-P06", "VolumeMount", "A volume of the pod cannot be attached or mounted.",
                 kEventsOfObject, Cure::Somebody},
    TroubleEntry{K::NotReady, "REL-P07", "NotReady", "The containers run and do not get ready.",
                 "slipway logs pod/{name} -n {namespace}", Cure::Time},
    TroubleEntry{K::NotStarting, "REL-P08", "NotStarting", "The pod has a node, and its containers do not start.",
                 kEventsOfObject, Cure::Time},
    TroubleEntry{K::Quota, "REL-W01", "Quota", "A ResourceQuota leaves no room for another pod.",
                 "slipway get resourcequotas -n {namespace}", Cure::Somebody},
    TroubleEntry{K::PodRefused, "REL-W02", "PodRefused", "A policy or an admission webhook refuses the pods.",
                 kEventsOfObject, Cure::Version},
    TroubleEntry{K::WebhookUnreachable, "REL-W03", "WebhookUnreachable",
                 "An admission webhook that is asked about the pods does not answer.",
                 "slipway get validatingwebhookconfigurations", Cure::Time},
    TroubleEntry{K::PodNotMade, "REL-W04", "PodNotMade", "Pods cannot be made for another reason.", kEventsOfObject,
                 Cure::Somebody},
    TroubleEntry{K::ConfigMissing, "REL-C01", "ConfigMissing",
                 "A ConfigMap that is a part of the version does not exist.", "slipway get configmaps -n {namespace}",
                 Cure::Somebody},
    TroubleEntry{K::RouteMissing, "REL-T01", "RouteMissing",
                 "What carries the traffic does not exist, or does not name the Service.",
                 "slipway get {kind} -n {namespace}", Cure::Somebody},
    TroubleEntry{K::ServiceMissing, "REL-T02", "ServiceMissing", "The Service that is split does not exist.",
                 "slipway get services -n {namespace}", Cure::Somebody},
    TroubleEntry{K::RouterMissing, "REL-T03", "RouterMissing",
                 "The cluster does not have the kind that carries the traffic.",
                 "slipway get customresourcedefinitions", Cure::Somebody},
    TroubleEntry{K::RouteRefused, "REL-T04", "RouteRefused", "The router does not accept the route.",
                 "slipway get {kind} {name} -n {namespace} -o yaml", Cure::Somebody},
    TroubleEntry{K::RouterSilent, "REL-T05", "RouterSilent", "The router does not say what it does.",
                 "slipway get {kind} {name} -n {namespace} -o yaml", Cure::Time},
    TroubleEntry{K::ProviderUnreachable, "REL-M01", "ProviderUnreachable",
                 "Who is asked for a metric does not answer, or not with a value.",
                 "slipway get analysisrun {name} -n {namespace} -o yaml", Cure::Time},
    TroubleEntry{K::NoData, "REL-M02", "NoData", "A metric has no data.",
                 "slipway get analysisrun {name} -n {namespace} -o yaml", Cure::Time},
    TroubleEntry{K::WriteRefused, "REL-A01", "WriteRefused",
                 "The API refuses what the controllers write: a right, a quota, a policy or a webhook.",
                 "slipway explain {release} -n {namespace}", Cure::Somebody},
};

constexpr std::array<std::string_view, 3> kCures = {"Time", "Somebody", "Version"};

Cure cure_named(std::string_view name, Cure otherwise) {
  const auto found = std::ranges::find(kCures, name);
  return found == kCures.end() ? otherwise : static_cast<Cure>(found - kCures.begin());
}

}  // namespace

std::string_view to_text(Cure cure) { return kCures[static_cast<std::size_t>(cure)]; }

std::span<const TroubleEntry> all_troubles() { return kEntries; }

const TroubleEntry& entry_of(TroubleKind kind) {
  const auto found = std::ranges::find(kEntries, kind, &TroubleEntry::kind);
  if (found == kEntries.end()) base::bug("unknown trouble", __FILE__, __LINE__);
  return *found;
}

std::optional<TroubleKind> trouble_named(std::string_view name) {
  const auto found = std::ranges::find(kEntries, name, &TroubleEntry::name);
  return found == kEntries.end() ? std::nullopt : std::optional(found->kind);
}

Value to_value(const Trouble& trouble) {
  const TroubleEntry& entry = entry_of(trouble.kind);
  Value out = Value::object({{"code", entry.code}, {"name", entry.name}, {"cure", to_text(trouble.cure)}});
  status_parts::put(out, "object", trouble.object);
  status_parts::put(out, "namespace", trouble.space);
  status_parts::put(out, "version", trouble.version);
  status_parts::put(out, "message", trouble.message);
  status_parts::put_number(out, "count", trouble.count, 1);
  status_parts::put(out, "since", trouble.since);
  if (trouble.overruled) out.set("overruled", true);
  return out;
}

std::optional<Trouble> trouble_of(const Value& v) {
  const auto kind = trouble_named(v["name"].as_string());
  if (!kind) return std::nullopt;
  return Trouble{.kind = *kind,
                 .cure = cure_named(v["cure"].as_string(), entry_of(*kind).cure),
                 .object = v["object"].str(),
                 .space = v["namespace"].str(),
                 .version = v["version"].str(),
                 .message = v["message"].str(),
                 .count = v["count"].as_int(1),
                 .since = status_parts::read_time(v["since"]),
                 .overruled = v["overruled"].as_bool()};
}

std::string to_text(const Trouble& t) {
  const TroubleEntry& entry = entry_of(t.kind);
  const std::string others = t.count > 1 ? fmt::format(" and {} more", t.count - 1) : "";
  const std::string where = t.space.empty() ? "" : " in " + t.space;
  return fmt::format("{} {}: {}{}{}: {}", entry.code, entry.name, t.object, others, where, t.message);
}

std::string remedy_of(const Trouble& t, std::string_view release, std::string_view space) {
  const std::size_t blank = t.object.find(' ');
  const std::string kind = base::to_lower(t.object.substr(0, blank));
  const std::string name = blank == std::string::npos ? "" : t.object.substr(blank + 1);
  return fmt::format(fmt::runtime(entry_of(t.kind).remedy), fmt::arg("release", release),
                     fmt::arg("namespace", t.space.empty() ? space : t.space), fmt::arg("object", t.object),
                     fmt::arg("kind", kind), fmt::arg("name", name));
}

}  // namespace slipway::delivery
