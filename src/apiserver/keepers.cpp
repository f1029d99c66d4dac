#include "apiserver/keepers.h"

#include <algorithm>

#include "api/meta.h"
#include "apiserver/crd.h"

namespace slipway::apiserver {
namespace {

using data::Value;

constexpr base::Duration kInstanceRetry = base::seconds(1);
constexpr base::Duration kExpiryStep = base::seconds(10);  // events of ten seconds go together

std::unique_ptr<store::Subscription> follow(Core& core, const std::string& resource, store::Watcher& watcher) {
  auto subscription = core.store.watch(resource, core.store.published()->revision(), watcher);
  SLIPWAY_CHECK(subscription.has_value());  // the published revision is never compacted
  return std::move(*subscription);
}

ApiRequest own_request(Verb verb, const api::Resource& resource, std::string name = {}) {
  return {.who = system_identity(),
          .verb = verb,
          .target = {.group = resource.group,
                     .version = resource.version,
                     .plural = resource.plural,
                     .name = std::move(name)},
          .user_agent = "slipway-apiserver"};
}

// When an Event last happened.
base::Time last_seen(const store::Entry& entry) {
  const Value& e = entry.object;
  base::Time newest{};
  for (const Value* field :
       {&e["lastTimestamp"], &e["eventTime"], &e["series"]["lastObservedTime"], &e["metadata"]["creationTimestamp"]})
    if (auto at = api::time_at(*field)) newest = std::max(newest, *at);
  return newest;
}

}  // namespace

// --- policy -----------------------------------------------------------------------------------------------

void PolicyKeeper::start() {
  refresh();
  for (const std::string& resource : rbac_resources()) subscriptions_.push_back(follow(core_, resource, *this));
}

void PolicyKeeper::refresh() { core_.policy.store(std::make_shared<const Policy>(*core_.store.published())); }

// --- custom kinds -----------------------------------------------------------------------------------------

void CustomKindKeeper::start() {
  auto snapshot = core_.store.published();
  core_.scheme.store(scheme_of(*snapshot));
  subscription_ = follow(core_, api::kCustomResourceDefinitions.qualified(), *this);
  snapshot->scan(api::kCustomResourceDefinitions.qualified(), "", nullptr, [&](const store::EntryPtr& entry) {
    consider(entry->object);
    return true;
  });
}

void CustomKindKeeper::changed(const store::Change& change) {
  bool same = change.previous != nullptr && change.kind == store::Change::Kind::Put &&
              change.previous->object["spec"] == change.entry->object["spec"] &&
              api::is_condition_true(change.previous->object, "Established") ==
                  api::is_condition_true(change.entry->object, "Established");
  if (!same) core_.scheme.store(scheme_of(*core_.store.published()));
  if (change.kind == store::Change::Kind::Put) consider(change.entry->object);
}

void CustomKindKeeper::consider(const Value& crd) {
  std::string name(api::name_of(crd));
  bool ours = api::is_deleting(crd) && api::has_finalizer(crd, kInstanceFinalizer);
  if (!ours || waiting_.contains(name)) return;
  waiting_[name];
  core_.loop.post([this, name, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) remove_instances(name);
  });
}

void CustomKindKeeper::remove_instances(const std::string& name) {
  auto entry = core_.store.head()->find({api::kCustomResourceDefinitions.qualified(), "", name});
  if (entry == nullptr) return void(waiting_.erase(name));
  const Value& crd = entry->object;
  std::string_view version = crd["spec"]["versions"].at(0)["name"].as_string();
  auto scheme = core_.scheme.load();
  const api::Kind* kind =
      scheme->find(crd["spec"]["group"].as_string(), version, crd["spec"]["names"]["plural"].as_string());
  if (kind == nullptr || is_built_in(crd)) return release(name);  // never served by this definition
  run_(own_request(Verb::DeleteCollection, kind->resource),
       [this, name, instances = instances_of(crd), alive = std::weak_ptr(alive_)](Response) {
         if (alive.expired()) return;
         if (core_.store.head()->count(instances) == 0)
           release(name);
         else
           again(name);
       });
}

void CustomKindKeeper::again(const std::string& name) {
  waiting_[name] = core_.loop.after(kInstanceRetry, [this, name] { remove_instances(name); });
}

void CustomKindKeeper::release(const std::string& name) {
  waiting_.erase(name);
  auto entry = core_.store.head()->find({api::kCustomResourceDefinitions.qualified(), "", name});
  if (entry == nullptr) return;
  std::vector<Value> left;
  for (const Value& f : entry->object["metadata"]["finalizers"].items())
    if (f.as_string() != kInstanceFinalizer) left.push_back(f);
  ApiRequest request = own_request(Verb::Patch, api::kCustomResourceDefinitions, name);
  Value patch = Value::object({{"metadata", Value::object({{"finalizers", Value::array_of(std::move(left))}})}});
  request.body = ParsedBody{Media::MergePatch, std::move(patch)};
  run_(std::move(request), [](Response) {});
}

// --- events -----------------------------------------------------------------------------------------------

void EventKeeper::start() {
  subscription_ = follow(core_, api::kEvents.qualified(), *this);
  if (core_.store.published()->count(api::kEvents.qualified()) > 0) arm(kExpiryStep);
}

void EventKeeper::changed(const store::Change& change) {
  if (change.kind == store::Change::Kind::Put && !armed_) arm(core_.settings.event_ttl);
}

void EventKeeper::arm(base::Duration delay) {
  armed_ = true;
  timer_ = core_.loop.after(std::max(delay, kExpiryStep), [this] { expire(); });
}

void EventKeeper::expire() {
  armed_ = false;
  base::Time now = core_.loop.now();
  base::Time oldest = now;
  std::vector<store::EntryPtr> old;
  core_.store.head()->scan(api::kEvents.qualified(), "", nullptr, [&](const store::EntryPtr& entry) {
    base::Time seen = last_seen(*entry);
    if (now - seen >= core_.settings.event_ttl)
      old.push_back(entry);
    else
      oldest = std::min(oldest, seen);
    return true;
  });
  for (const store::EntryPtr& entry : old) {
    auto erased = core_.store.erase(entry->key, entry->modified, [] {});
    SLIPWAY_CHECK(erased.has_value());  // read from the head in this very task
  }
  if (core_.store.head()->count(api::kEvents.qualified()) > 0) arm(oldest + core_.settings.event_ttl - now);
}

}  // namespace slipway::apiserver
