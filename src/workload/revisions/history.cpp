#include "workload/revisions/history.h"

#include <algorithm>
#include <string>
#include <tuple>

#include "api/meta.h"
#include "base/hash.h"
#include "control/patch.h"
#include "data/json.h"

namespace slipway::workload::revisions {

using data::Value;

namespace {

constexpr std::string_view kDirective = "$patch";

Value data_of(const Value& owner) {
  Value pod_template = owner["spec"]["template"];
  pod_template.set(kDirective, "replace");
  Value data;
  data.set({"spec", "template"}, std::move(pod_template));
  return data;
}

bool is_older(const Value& a, const Value& b) {
  auto key = [](const Value& revision) {
    return std::tuple(revision["revision"].as_int(), revision["metadata"]["creationTimestamp"].as_string(),
                      api::name_of(revision));
  };
  return key(a) < key(b);
}

std::string hash_of(const Value& data, std::int64_t collisions) {
  return base::safe_encode(base::fnv1a32(std::to_string(collisions), base::fnv1a32(data::to_json(data))));
}

Value planned(const Value& owner, const api::Resource& resource, Value data, std::int64_t number,
              std::int64_t collisions, std::string_view hash_label) {
  const std::string hash = hash_of(data, collisions);
  Value labels = owner["spec"]["template"]["metadata"]["labels"];
  labels.set(hash_label, hash);
  Value metadata = Value::object({{"name", std::string(api::name_of(owner)) + "-" + hash},
                                  {"namespace", api::space_of(owner)},
                                  {"labels", std::move(labels)}});
  if (const Value& annotations = owner["metadata"]["annotations"]; !annotations.is_empty())
    metadata.set("annotations", annotations);
  metadata.set("ownerReferences", Value::array({api::controller_reference(owner, resource)}));
  return Value::object({{"apiVersion", api::kControllerRevisions.api_version()},
                        {"kind", api::kControllerRevisions.kind},
                        {"metadata", std::move(metadata)},
                        {"data", std::move(data)},
                        {"revision", number}});
}

const Value& with_name(const std::vector<Value>& revisions, std::string_view name) {
  const auto it = std::ranges::find_if(revisions, [&](const Value& each) { return api::name_of(each) == name; });
  return it == revisions.end() ? data::kNull : *it;
}

// Of a workload of our kind and name that is no more: garbage collection is on its way.
bool is_predecessors(const Value& revision, const Value& owner, const api::Resource& resource) {
  const Value& reference = api::controller_of(revision);
  return reference["kind"].as_string() == resource.kind && reference["name"].as_string() == api::name_of(owner) &&
         reference["uid"].as_string() != api::uid_of(owner);
}

// The newest of those with this data.
const Value* newest_equal(const std::vector<Value>& known, const Value& data) {
  const auto it =
      std::find_if(known.rbegin(), known.rend(), [&](const Value& revision) { return revision["data"] == data; });
  return it == known.rend() ? nullptr : &*it;
}

void number_anew(History& history, Value revision, std::int64_t number) {
  history.effects.push_back(
      control::patch_of(api::kControllerRevisions, revision, Value::object({{"revision", number}})));
  revision.set("revision", number);
  history.present = std::move(revision);
}

void plan(History& history, const Value& owner, const api::Resource& resource, const Value& data, std::int64_t number,
          const std::vector<Value>& in_space, std::string_view hash_label) {
  for (;; ++history.collisions) {
    history.present = planned(owner, resource, data, number, history.collisions, hash_label);
    const Value& taken = with_name(in_space, api::name_of(history.present));
    if (!taken.is_null() && !is_predecessors(taken, owner, resource)) continue;
    history.waits = !taken.is_null();
    break;
  }
  if (!history.waits) history.effects.push_back(control::Create{api::kControllerRevisions, history.present});
}

}  // namespace

History history_of(const Value& owner, const api::Resource& resource, std::vector<Value> owned,
                   const std::vector<Value>& in_space, std::string_view hash_label) {
  History history{.known = std::move(owned), .present = {}, .collisions = owner["status"]["collisionCount"].as_int()};
  std::ranges::sort(history.known, is_older);
  const Value data = data_of(owner);
  const std::int64_t newest = history.known.empty() ? 0 : history.known.back()["revision"].as_int();
  const Value* equal = newest_equal(history.known, data);
  if (equal == nullptr)
    plan(history, owner, resource, data, newest + 1, in_space, hash_label);
  else if (equal == &history.known.back())
    history.present = *equal;
  else
    number_anew(history, *equal, newest + 1);
  return history;
}

Value template_of(const Value& revision) {
  Value pod_template = revision["data"]["spec"]["template"];
  pod_template.erase(kDirective);
  return pod_template;
}

std::vector<control::Effect> forget(const std::vector<Value>& oldest_first, std::int64_t count) {
  std::vector<control::Effect> effects;
  for (const Value& revision : oldest_first) {
    if (static_cast<std::int64_t>(effects.size()) >= count) break;
    effects.push_back(control::delete_of(api::kControllerRevisions, revision));
  }
  return effects;
}

}  // namespace slipway::workload::revisions
