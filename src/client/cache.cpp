#include "client/cache.h"

#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"

namespace slipway::client {
namespace {

using data::Value;

constexpr std::int64_t kPage = 1000;  // objects per list request
constexpr base::Duration kBackoffBase = base::milliseconds(100);
constexpr int kBackoffDoublings = 8;  // up to 25.6 s, before jitter

ObjectName name_of(const Value& object) {
  return {std::string(api::space_of(object)), std::string(api::name_of(object))};
}

std::uint64_t revision_of(const Value& object) { return base::parse_uint(api::version_of(object)).value_or(0); }

// Items of a list may leave out what the list says for all of them.
Value with_type(Value object, const Resource& resource) {
  if (!object.has("kind")) object.set("kind", resource.kind);
  if (!object.has("apiVersion")) object.set("apiVersion", resource.api_version());
  return object;
}

// Our revision means nothing to the server: it was compacted, or the server began again from an older state.
bool asks_for_list(const base::Error& why) {
  bool ahead =
      std::ranges::any_of(why.causes, [](const base::Cause& c) { return c.reason == "ResourceVersionTooLarge"; });
  return why.code == base::Code::Expired || why.code == base::Code::NotFound || ahead;
}

template <class Index>
void erase_from(Index& index, std::string_view uid, const ObjectName& name) {
  auto found = index.find(uid);
  if (found == index.end()) return;
  found->second.erase(name);
  if (found->second.empty()) index.erase(found);
}

}  // namespace

// The sink of one watch. Ending never destroys it on the spot: the cache goes on in a later task.
class Cache::Watching final : public WatchSink {
 public:
  explicit Watching(Cache& cache) : cache_(cache) {
    handle_ =
        cache.api_.watch({.resource = cache.resource_, .resource_version = std::to_string(cache.revision_)}, *this);
  }

  void event(const WatchEvent& event) override {
    cache_.failures_ = 0;
    if (event.kind == WatchEvent::Kind::Deleted)
      cache_.remove(event.object);
    else if (event.kind != WatchEvent::Kind::Bookmark)
      cache_.put(with_type(event.object, cache_.resource_));
    cache_.advance(revision_of(event.object));
  }

  void ended(base::Error why) override { cache_.retry(why); }

 private:
  Cache& cache_;
  std::unique_ptr<WatchHandle> handle_;
};

Cache::Cache(ApiClient& api, runtime::Loop& loop, runtime::Random& random, Resource resource)
    : api_(api), loop_(loop), random_(random), resource_(std::move(resource)), alive_(std::make_shared<bool>(true)) {}

Cache::~Cache() { *alive_ = false; }

void Cache::start() { list({}, {}); }

void Cache::add_listener(Listener listener) { listeners_.push_back(std::move(listener)); }

void Cache::add_progress_listener(std::function<void()> listener) {
  progress_listeners_.push_back(std::move(listener));
}

const Value& Cache::find(const ObjectName& name) const {
  auto found = objects_.find(name);
  return found == objects_.end() ? data::kNull : found->second;
}

std::vector<Value> Cache::in_space(std::string_view space) const {
  std::vector<Value> out;
  for (auto at = objects_.lower_bound({std::string(space), ""}); at != objects_.end() && at->first.space == space; ++at)
    out.push_back(at->second);
  return out;
}

std::vector<Value> Cache::owned_by(std::string_view uid) const {
  std::vector<Value> out;
  auto owned = by_owner_.find(uid);
  if (owned == by_owner_.end()) return out;
  for (const ObjectName& name : owned->second) out.push_back(find(name));
  return out;
}

std::vector<Value> Cache::dependents_of(std::string_view uid) const {
  std::vector<Value> out = owned_by(uid);
  auto others = by_reference_.find(uid);
  if (others == by_reference_.end()) return out;
  for (const ObjectName& name : others->second) out.push_back(find(name));
  return out;
}

void Cache::list(std::string continue_token, std::map<ObjectName, Value> so_far) {
  Request request{
      .verb = Verb::List, .resource = resource_, .limit = kPage, .continue_token = std::move(continue_token)};
  api_.call(std::move(request), [this, alive = alive_, objects = std::move(so_far)](Answer answer) mutable {
    if (!*alive) return;
    if (!answer && answer.error().code == base::Code::NotFound) {
      // A cluster without this CustomResourceDefinition: nothing of that kind exists, and controllers can work without it. The watch that
      // follows is refused, too, and leads back here, ever more slowly.
      const int failures = failures_;
      replace({}, revision_);
      failures_ = failures;
      return;
    }
    if (!answer) return retry(answer.error());
    for (const Value& item : (*answer)["items"].items())
      objects.insert_or_assign(name_of(item), with_type(item, resource_));
    std::string next = (*answer)["metadata"]["continue"].str();
    if (!next.empty()) return list(std::move(next), std::move(objects));
    replace(std::move(objects), revision_of(*answer));
  });
}

// The list is the truth: listeners hear of everything that came, went or changed while we were not watching.
void Cache::replace(std::map<ObjectName, Value> objects, std::uint64_t revision) {
  std::map<ObjectName, Value> before = std::exchange(objects_, std::move(objects));
  by_owner_.clear();
  by_reference_.clear();
  for (const auto& [name, object] : objects_) index({}, object);
  revision_ = revision;
  synced_ = true;
  failures_ = 0;
  auto tell = [this](const Value& was, const Value& is) {
    for (const Listener& listener : listeners_) listener(was, is);
  };
  for (const auto& [name, was] : before)
    if (!objects_.contains(name)) tell(was, {});
  // Listeners may not change the cache, so iterating over it while telling is safe.
  for (const auto& [name, is] : objects_) {
    auto was = before.find(name);
    if (was == before.end())
      tell({}, is);
    else if (api::version_of(was->second) != api::version_of(is))
      tell(was->second, is);
  }
  for (const auto& listener : progress_listeners_) listener();
  watch();
}

void Cache::watch() {
  watching_.reset();
  watching_ = std::make_unique<Watching>(*this);
}

void Cache::put(const Value& object) {
  Value& slot = objects_[name_of(object)];
  if (!slot.is_null() && revision_of(slot) >= revision_of(object)) return;  // repeated, or overtaken by a list
  Value before = std::exchange(slot, object);
  index(before, object);
  for (const Listener& listener : listeners_) listener(before, object);
}

void Cache::remove(const Value& object) {
  auto found = objects_.find(name_of(object));
  if (found == objects_.end() || revision_of(found->second) > revision_of(object)) return;
  Value before = std::move(found->second);
  objects_.erase(found);
  index(before, {});
  for (const Listener& listener : listeners_) listener(before, {});
}

void Cache::index(const Value& before, const Value& after) {
  const bool stays = !before.is_null() && !after.is_null();
  if (stays && before["metadata"]["ownerReferences"] == after["metadata"]["ownerReferences"]) return;
  index_references(before, false);
  index_references(after, true);
  std::string_view was = api::controller_of(before)["uid"].as_string();
  std::string_view is = api::controller_of(after)["uid"].as_string();
  if (stays && was == is) return;
  if (!before.is_null()) erase_from(by_owner_, was, name_of(before));
  if (!after.is_null()) by_owner_[std::string(is)].insert(name_of(after));
}

void Cache::index_references(const Value& object, bool add) {
  for (const Value& reference : object["metadata"]["ownerReferences"].items()) {
    if (reference["controller"].as_bool()) continue;
    if (add)
      by_reference_[reference["uid"].str()].insert(name_of(object));
    else
      erase_from(by_reference_, reference["uid"].as_string(), name_of(object));
  }
}

void Cache::advance(std::uint64_t revision) {
  revision_ = std::max(revision_, revision);
  for (const auto& listener : progress_listeners_) listener();
}

// Goes on after a delay that doubles with each failure in a row, with jitter so that caches do not come back in step.
void Cache::retry(const base::Error& why) {
  bool listing = !synced_ || watching_ == nullptr || asks_for_list(why);
  double wait = base::to_seconds(kBackoffBase) * static_cast<double>(1 << std::min(failures_++, kBackoffDoublings));
  wait *= 0.5 + random_.unit();
  retry_timer_ = loop_.after(base::from_seconds(wait), [this, listing] {
    if (!listing) return watch();
    watching_.reset();
    list({}, {});
  });
}

}  // namespace slipway::client
