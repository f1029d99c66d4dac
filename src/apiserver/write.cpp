#include "apiserver/write.h"

#include "api/meta.h"
#include "apiserver/admission.h"
#include "apiserver/errors.h"

namespace slipway::apiserver {

using base::fail;
using data::Value;

Writer::Writer(Core& core, const ApiRequest& request, KindPtr kind, std::shared_ptr<Commit> commit)
    : core_(core),
      request_(request),
      kind_(std::move(kind)),
      commit_(std::move(commit)),
      head_(core.store.head()),
      scheme_(core.scheme.load()),
      policy_(core.policy.load()),
      now_(core.loop.now()) {}

base::Result<Response> Writer::run() {
  switch (request_.verb) {
    case Verb::Create:
      return create();
    case Verb::Update:
      return update();
    case Verb::Patch:
      return media_of(request_.body) == Media::ApplyPatch ? apply() : patch();
    case Verb::Delete:
      return erase();
    case Verb::DeleteCollection:
      return erase_collection();
    case Verb::Get:
    case Verb::List:
    case Verb::Watch:
      break;
  }
  return fail(method_not_allowed(text_of(request_.verb)));
}

store::Key Writer::key_of(std::string_view name) const {
  return {kind_->resource.qualified(), kind_->resource.namespaced ? request_.target.space : "", std::string(name)};
}

base::Result<store::EntryPtr> Writer::target() const {
  auto entry = head_->find(key_of(request_.target.name));
  if (entry == nullptr) return fail(not_found(kind_->resource, request_.target.name));
  return entry;
}

base::Result<Document> Writer::document() const { return parse_body(*scheme_, request_.body); }

// fieldManager, or the program's name from its User-Agent ("kubectl/v1.33.1 (linux/amd64)").
std::string Writer::manager() const {
  if (!request_.options.field_manager.empty()) return request_.options.field_manager;
  std::string agent = request_.user_agent.substr(0, request_.user_agent.find('/'));
  return agent.empty() ? "unknown" : agent;
}

Surroundings Writer::surroundings() {
  return {.head = *head_,
          .scheme = *scheme_,
          .policy = *policy_,
          .service_range = core_.service_range,
          .who = request_.who,
          .seed = core_.random.next(),
          .now = now_};
}

Response Writer::answer(Value object, int status) {
  Response response = Response::of(kind_, std::move(object), status);
  response.warnings = std::move(warnings_);
  return response;
}

// The body of a create or update as an object of this kind in this place.
base::Result<Value> Writer::incoming(const Document& document) {
  Value object = document.value;
  if (auto fine = check_type(object); !fine) return fail(fine.error());
  if (auto fine = check_place(object); !fine) return fail(fine.error());
  return conformed(*kind_, object, document.duplicates, request_.options.validation, warnings_);
}

base::Result<void> Writer::check_type(Value& object) const {
  const api::Resource& r = kind_->resource;
  if (!object.is_object()) return fail(bad_request("the request body must be an object of type " + r.kind));
  std::string version = object["apiVersion"].str(r.api_version()), kind = object["kind"].str(r.kind);
  if (version != r.api_version())
    return fail(bad_request("the API version in the data (" + version + ") does not match the expected API version (" +
                            r.api_version() + ")"));
  if (kind != r.kind)
    return fail(bad_request("the object provided is unrecognized (must be of type " + r.kind + "): " + kind));
  object.set("apiVersion", version);
  object.set("kind", kind);
  return {};
}

base::Result<void> Writer::check_place(Value& object) const {
  const Value metadata = object["metadata"];
  if (!metadata.is_null() && !metadata.is_object()) return fail(bad_request("metadata must be an object"));
  std::string space(api::space_of(object)), name(api::name_of(object));
  const Target& t = request_.target;
  if (!kind_->resource.namespaced) {
    if (object["metadata"].has("namespace")) object.member("metadata").erase("namespace");
  } else if (t.space.empty()) {
    return fail(bad_request("an empty namespace may not be set during creation"));
  } else if (!space.empty() && space != t.space) {
    return fail(bad_request("the namespace of the provided object does not match the namespace sent on the request"));
  } else {
    object.set({"metadata", "namespace"}, t.space);
  }
  if (t.name.empty()) return {};
  if (!name.empty() && name != t.name)
    return fail(
        bad_request("the name of the object (" + name + ") does not match the name on the URL (" + t.name + ")"));
  object.set({"metadata", "name"}, t.name);
  return {};
}

base::Result<Value> Writer::store_new(Value object) {
  object.member("metadata").erase("resourceVersion");
  store::Key key = key_of(api::name_of(object));
  if (head_->find(key) != nullptr) return fail(already_exists(kind_->resource, key.name));
  if (dry_run()) return object;
  auto revision = core_.store.put(key, object, 0, commit_->pending());
  if (revision) return visible(*kind_, std::move(object), *revision);
  commit_->refused();
  return fail(revision.error());
}

base::Result<Value> Writer::store_over(const store::EntryPtr& entry, Value object) {
  if (dry_run()) return visible(*kind_, std::move(object), entry->modified);
  object.member("metadata").erase("resourceVersion");
  auto revision = core_.store.put(entry->key, object, entry->modified, commit_->pending());
  if (revision) return visible(*kind_, std::move(object), *revision);
  commit_->refused();
  return fail(modified(kind_->resource, entry->key.name));
}

base::Result<void> Writer::store_gone(const store::EntryPtr& entry) {
  if (dry_run()) return {};
  auto revision = core_.store.erase(entry->key, entry->modified, commit_->pending());
  if (revision) return {};
  commit_->refused();
  return fail(modified(kind_->resource, entry->key.name));
}

}  // namespace slipway::apiserver
