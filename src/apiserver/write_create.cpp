#include "api/meta.h"
#include "apiserver/admission.h"
#include "apiserver/errors.h"
#include "apiserver/write.h"

namespace slipway::apiserver {
namespace {

constexpr int kSuffix = 5;
constexpr int kNameTries = 8;
constexpr std::size_t kMaxGeneratedBase = 63 - kSuffix;

}  // namespace

using base::fail;
using data::Value;

base::Result<Response> Writer::create() {
  auto body = document();
  if (!body) return fail(body.error());
  auto object = incoming(*body);
  if (!object) return fail(object.error());
  if (!api::version_of(*object).empty())
    return fail(bad_request("resourceVersion should not be set on objects to be created"));
  auto stored = insert(std::move(*object), false);
  if (!stored) return fail(stored.error());
  return answer(std::move(*stored), 201);
}

base::Result<void> Writer::set_name(Value& object) {
  std::string name(api::name_of(object)),
      base(object["metadata"]["generateName"].as_string().substr(0, kMaxGeneratedBase));
  if (!name.empty()) return {};
  if (base.empty())
    return fail(invalid(kind_->resource, "", {required_value("metadata.name", "name or generateName is required")}));
  for (int tries = 0; tries < kNameTries; ++tries) {
    name = base + runtime::make_suffix(core_.random, kSuffix);
    if (head_->find(key_of(name)) == nullptr) break;
  }
  object.set({"metadata", "name"}, name);
  return {};
}

base::Result<Value> Writer::insert(Value object, bool applied) {
  object = api::with_defaults(*kind_, api::prepare_create(*kind_, std::move(object)));
  if (auto named = set_name(object); !named) return fail(named.error());
  std::vector<base::Cause> problems;
  auto admitted = admit_create(surroundings(), *kind_, std::move(object), problems);
  if (!admitted) return fail(admitted.error());
  Value& metadata = admitted->member("metadata");
  metadata.set("uid", runtime::make_uid(core_.random));
  metadata.set("creationTimestamp", base::format_time(now_));
  auto causes = api::validate(*kind_, *admitted, {});
  causes.insert(causes.end(), problems.begin(), problems.end());
  if (!causes.empty()) return fail(invalid(kind_->resource, api::name_of(*admitted), std::move(causes)));
  auto owned = tracked({}, std::move(*admitted), {.applied = applied});
  if (!owned) return fail(owned.error());
  return store_new(std::move(*owned));
}

}  // namespace slipway::apiserver
