#include "api/meta.h"
#include "apiserver/admission.h"
#include "apiserver/errors.h"
#include "apiserver/selection.h"
#include "apiserver/write.h"

namespace slipway::apiserver {

using base::fail;
using data::Value;

base::Result<Response> Writer::erase() {
  auto entry = target();
  if (!entry) return fail(entry.error());
  auto body = document();
  if (!body) return fail(body.error());
  auto options = delete_options(body->value, request_.options);
  if (!options) return fail(options.error());
  bool gone = false;
  auto object = remove(*entry, *options, gone);
  if (!object) return fail(object.error());
  if (!gone) return answer(std::move(*object));
  Response response = Response::of(nullptr, success_status(kind_->resource, (*entry)->key.name, api::uid_of(*object)));
  return response;
}

base::Result<Value> Writer::remove(const store::EntryPtr& entry, const DeleteOptions& options, bool& gone) {
  const Value& object = entry->object;
  std::string have(api::uid_of(object)), version = std::to_string(entry->modified);
  if (!options.uid.empty() && options.uid != have)
    return fail(conflict(kind_->resource, entry->key.name,
                         "Precondition failed: UID in precondition: " + options.uid + ", UID in object meta: " + have));
  if (!options.resource_version.empty() && options.resource_version != version)
    return fail(conflict(kind_->resource, entry->key.name,
                         "Precondition failed: ResourceVersion in precondition: " + options.resource_version +
                             ", ResourceVersion in object meta: " + version));
  if (auto fine = admit_delete(*kind_, object); !fine) return fail(fine.error());
  DeletionStep step = plan_deletion(*kind_, object, options, now_);
  gone = std::holds_alternative<Erase>(step);
  if (auto* mark = std::get_if<Mark>(&step); mark != nullptr && !options.dry_run)
    return store_over(entry, mark->object);
  if (gone && !options.dry_run)
    if (auto erased = store_gone(entry); !erased) return fail(erased.error());
  return visible(*kind_, *entry);
}

base::Result<Response> Writer::erase_collection() {
  auto body = document();
  if (!body) return fail(body.error());
  auto options = delete_options(body->value, request_.options);
  if (!options) return fail(options.error());
  auto selection = Selection::of(*kind_, request_.target, request_.options);
  if (!selection) return fail(selection.error());
  Listing listing{.kind = kind_};
  head_->scan(kind_->resource.qualified(), request_.target.space, nullptr, [&](const store::EntryPtr& entry) {
    if (selection->matches(*entry)) listing.entries.push_back(entry);
    return true;
  });
  for (const store::EntryPtr& entry : listing.entries) {
    bool gone = false;
    if (auto removed = remove(entry, *options, gone); !removed) return fail(removed.error());
  }
  listing.metadata = Value::object({{"resourceVersion", std::to_string(core_.store.head()->revision())}});
  Response response;
  response.body = std::move(listing);
  return response;
}

}  // namespace slipway::apiserver
