#include "workload/namespaces/decide.h"

#include <algorithm>
#include <map>

#include "api/meta.h"
#include "control/outside.h"

namespace slipway::workload::namespaces {

using control::Decision;
using data::Value;
using Live = Content::Live;

namespace {

constexpr std::string_view kFinalizer = "kubernetes";

void remove_contents(const Observation& seen, Decision& out) {
  for (const Content& content : seen.contents)
    for (const Value& object : content.objects) {
      if (api::is_deleting(object)) continue;
      if (out.effects.size() >= kBatch) return;
      out.effects.push_back(control::Delete{.resource = content.resource,
                                            .space = std::string(api::space_of(object)),
                                            .name = std::string(api::name_of(object)),
                                            .uid = std::string(api::uid_of(object))});
    }
}

bool caches_are_empty(const Observation& seen) {
  return std::ranges::all_of(seen.contents, [](const Content& content) { return content.objects.empty(); });
}

// Asks the API about every kind that it has not called empty yet.
void ask(const Observation& seen, Decision& out, base::Time now) {
  for (const Content& content : seen.contents) {
    const std::string id = question_id(seen.space, content.resource);
    if (content.live == Live::NotEmpty) {
      // The cache will show it; then it goes like the rest.
      out.effects.push_back(control::Forget{id});
      out.wake_at = now + base::seconds(1);
    } else if (content.live == Live::NotAsked) {
      out.effects.push_back(
          control::Ask{.id = id,
                       .port = "object",
                       .question = control::ObjectPort::question(content.resource, api::name_of(seen.space), "")});
    }
  }
}

void finalize(const Observation& seen, Decision& out) {
  Value left = Value::array();
  for (const Value& finalizer : seen.space["spec"]["finalizers"].items())
    if (finalizer.as_string() != kFinalizer) left.push_back(finalizer);
  Value space = seen.space;
  space.set({"spec", "finalizers"}, std::move(left));
  out.effects.push_back(
      control::Create{.resource = api::kNamespaces, .object = std::move(space), .subresource = "finalize"});
  out.reasons.push_back({.rule = "namespace.finalize", .text = "Nothing is left in it."});
}

std::string count_by_kind(const Observation& seen) {
  std::string text;
  for (const Content& content : seen.contents) {
    if (content.objects.empty()) continue;
    text += (text.empty() ? "" : ", ") + content.resource.qualified() + " has " +
            std::to_string(content.objects.size()) + " resource instances";
  }
  return text;
}

std::string count_by_finalizer(const Observation& seen) {
  std::map<std::string, int> counts;
  for (const Content& content : seen.contents)
    for (const Value& object : content.objects)
      for (const Value& finalizer : object["metadata"]["finalizers"].items()) ++counts[finalizer.str()];
  std::string text;
  for (const auto& [finalizer, count] : counts)
    text += (text.empty() ? "" : ", ") + finalizer + " in " + std::to_string(count) + " resource instances";
  return text;
}

Value status_of(const Observation& seen, base::Time now) {
  Value status = seen.space["status"];
  status.set("phase", "Terminating");
  const std::string kinds = count_by_kind(seen), finalizers = count_by_finalizer(seen);
  if (kinds.empty())
    api::set_condition(status, "NamespaceContentRemaining", "False", "ContentRemoved",
                       "All content successfully removed", now);
  else
    api::set_condition(status, "NamespaceContentRemaining", "True", "SomeResourcesRemain",
                       "Some resources are remaining: " + kinds, now);
  if (finalizers.empty())
    api::set_condition(status, "NamespaceFinalizersRemaining", "False", "ContentHasNoFinalizers",
                       "All content-preserving finalizers finished", now);
  else
    api::set_condition(status, "NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain",
                       "Some content in the namespace has finalizers remaining: " + finalizers, now);
  return status;
}

}  // namespace

std::string question_id(const Value& space, const api::Resource& resource) {
  return "namespace/" + std::string(api::uid_of(space)) + "/" + resource.qualified();
}

Decision decide(const Observation& seen, base::Time now) {
  Decision out;
  if (!caches_are_empty(seen)) {
    remove_contents(seen, out);
    out.status = status_of(seen, now);
    return out;
  }
  ask(seen, out, now);
  const bool all_empty =
      std::ranges::all_of(seen.contents, [](const Content& content) { return content.live == Live::Empty; });
  if (all_empty) finalize(seen, out);
  return out;
}

}  // namespace slipway::workload::namespaces
