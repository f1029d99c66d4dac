#include "api/meta.h"
#include "apiserver/admission.h"
#include "apiserver/errors.h"
#include "apiserver/write.h"
#include "data/patch.h"

namespace slipway::apiserver {
namespace {

using base::fail;
using data::Value;

// managedFields as they matter for "did anything change": without their times.
Value without_times(const Value& object) {
  Value out = object;
  if (!object["metadata"].has("managedFields")) return out;
  std::vector<Value> entries;
  for (const Value& entry : object["metadata"]["managedFields"].items()) entries.push_back(entry.without("time"));
  out.member("metadata").set("managedFields", Value::array_of(std::move(entries)));
  return out;
}

bool is_same(const Value& a, const Value& b) { return a == b || without_times(a) == without_times(b); }

base::Error unsupported_patch() {
  return {.code = base::Code::UnsupportedMediaType,
          .message =
              "the body of the request was in an unknown format - accepted media types include: "
              "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"};
}

// What may be applied through this door: not the status through the object, nothing but the status through /status.
Value applicable(const api::Kind& kind, Value applied, std::string_view subresource) {
  if (subresource.empty()) {
    if (kind.has_status) applied.erase("status");
    return applied;
  }
  return Value::object({{"apiVersion", applied["apiVersion"]},
                        {"kind", applied["kind"]},
                        {"metadata", Value::object({{"name", applied["metadata"]["name"]}})},
                        {"status", applied["status"]}});
}

}  // namespace

base::Result<void> Writer::check_version(const store::EntryPtr& entry, const Value& next) const {
  const api::Resource& r = kind_->resource;
  std::string uid(api::uid_of(next)), have(api::uid_of(entry->object));
  if (!uid.empty() && uid != have)
    return fail(conflict(r, entry->key.name,
                         "Precondition failed: UID in precondition: " + uid + ", UID in object meta: " + have));
  std::string_view version = api::version_of(next);
  if (version.empty() && kind_->custom && request_.verb == Verb::Update)
    return fail(invalid(
        r, entry->key.name,
        {{"FieldValueInvalid", "Invalid value: 0x0: must be specified for an update", "metadata.resourceVersion"}}));
  if (!version.empty() && version != std::to_string(entry->modified)) return fail(modified(r, entry->key.name));
  return {};
}

base::Result<Response> Writer::update() {
  auto entry = target();
  if (!entry) return fail(entry.error());
  auto body = document();
  if (!body) return fail(body.error());
  auto object = incoming(*body);
  if (!object) return fail(object.error());
  auto stored = replace(*entry, std::move(*object), {.subresource = request_.target.subresource});
  if (!stored) return fail(stored.error());
  return answer(std::move(*stored));
}

base::Result<Value> Writer::patched(const Value& current, const Document& patch) {
  switch (media_of(request_.body)) {
    case Media::JsonPatch:
      return data::apply_json_patch(current, patch.value);
    case Media::MergePatch:
      return data::apply_merge_patch(current, patch.value);
    case Media::StrategicPatch:
      if (!kind_->custom) return data::apply_strategic_patch(current, patch.value, kind_->schema.get());
      break;
    default:
      break;
  }
  return fail(unsupported_patch());
}

base::Result<Response> Writer::patch() {
  auto entry = target();
  if (!entry) return fail(entry.error());
  auto body = document();
  if (!body) return fail(body.error());
  auto next = patched(visible(*kind_, **entry), *body);
  if (!next) return fail(next.error());
  auto object = incoming({std::move(*next), std::move(body->duplicates)});
  if (!object) return fail(object.error());
  auto stored = replace(*entry, std::move(*object), {.subresource = request_.target.subresource});
  if (!stored) return fail(stored.error());
  return answer(std::move(*stored));
}

base::Result<Response> Writer::apply() {
  if (request_.options.field_manager.empty()) return fail(bad_request("fieldManager is required for apply patch"));
  auto body = document();
  if (!body) return fail(body.error());
  auto object = incoming(*body);
  if (!object) return fail(object.error());
  const std::string& subresource = request_.target.subresource;
  auto entry = head_->find(key_of(request_.target.name));
  if (entry == nullptr && !subresource.empty()) return fail(not_found(kind_->resource, request_.target.name));
  if (entry == nullptr && !api::uid_of(*object).empty())
    return fail(conflict(kind_->resource, request_.target.name, "uid mismatch: the object does not exist"));
  if (entry != nullptr)
    if (auto fine = check_version(entry, *object); !fine) return fail(fine.error());
  Value live = entry == nullptr ? Value{} : visible(*kind_, *entry);
  api::ApplyOptions options{
      .manager = manager(), .force = request_.options.force, .subresource = subresource, .now = now_};
  auto merged = api::server_side_apply(*kind_, live, applicable(*kind_, std::move(*object), subresource), options);
  if (!merged) return fail(merged.error());
  auto stored = entry == nullptr ? insert(std::move(*merged), true)
                                 : replace(entry, std::move(*merged), {.subresource = subresource, .applied = true});
  if (!stored) return fail(stored.error());
  return answer(std::move(*stored), entry == nullptr ? 201 : 200);
}

base::Result<Value> Writer::replace(const store::EntryPtr& entry, Value next, const Edit& edit) {
  if (auto fine = check_version(entry, next); !fine) return fail(fine.error());
  Value old = visible(*kind_, *entry);
  Value ready = edit.subresource == "status" ? api::prepare_status_update(*kind_, next, old)
                                             : api::prepare_update(*kind_, std::move(next), old);
  ready = api::with_defaults(*kind_, std::move(ready));
  std::vector<base::Cause> problems;
  auto admitted = admit_update(surroundings(), *kind_, std::move(ready), old, problems);
  if (!admitted) return fail(admitted.error());
  auto causes = api::validate(*kind_, *admitted, old);
  causes.insert(causes.end(), problems.begin(), problems.end());
  if (!causes.empty()) return fail(invalid(kind_->resource, entry->key.name, std::move(causes)));

  admitted->set({"metadata", "resourceVersion"}, api::version_of(old));
  return overwrite(entry, std::move(*admitted), edit);
}

base::Result<Value> Writer::overwrite(const store::EntryPtr& entry, Value next, const Edit& edit) {
  Value old = visible(*kind_, *entry);
  auto owned = tracked(old, std::move(next), edit);
  if (!owned) return fail(owned.error());
  if (is_same(*owned, old)) return old;
  if (!is_released(*kind_, *owned)) return store_over(entry, std::move(*owned));
  if (auto gone = store_gone(entry); !gone) return fail(gone.error());
  return owned;
}

base::Result<Value> Writer::tracked(const Value& old, Value object, const Edit& edit) const {
  if (edit.applied) return object;
  return api::track_update(*kind_, old, std::move(object), manager(), edit.subresource, now_);
}

}  // namespace slipway::apiserver
