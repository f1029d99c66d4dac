#include "client/cache.h"

#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"
#include "data/footprint.h"

namespace slipway::client {
namespace {

using data::Value;

ObjectName name_of(const Value& object) {
  return {std::string(api::space_of(object)), std::string(api::name_of(object))};
}

std::uint64_t revision_of(const Value& object) { return base::parse_uint(api::version_of(object)).value_or(0); }

}  // namespace

// The series of one resource. Several caches of it in one registry add up.
struct Cache::Counters {
  Counters(runtime::Metrics& metrics, const std::string& resource)
      : resource(resource),
        pages(metrics.counter("slipway_cache_list_pages_total", "List requests, each page.", {"resource"})
                  .with({resource})),
        lists(metrics.counter("slipway_cache_lists_total", "Whole lists begun, by cause.", {"resource", "cause"})),
        watches(metrics.counter("slipway_cache_watches_total", "Watches begun, by cause.", {"resource", "cause"})),
        objects(metrics.gauge("slipway_cache_objects", "Objects held.", {"resource"}).with({resource})),
        bytes(metrics.gauge("slipway_cache_bytes", "Heap that the held objects take, about.", {"resource"})
                  .with({resource})) {}
  const std::string resource;
  runtime::Counter& pages;
  runtime::Family<runtime::Counter>&lists, &watches;
  runtime::Gauge &objects, &bytes;
};

Cache::Cache(ApiClient& api, runtime::Loop& loop, runtime::Random& random, Resource resource, CacheOptions options)
    : resource_(std::move(resource)), options_(std::move(options)) {
  if (options_.metrics != nullptr) counters_ = std::make_unique<Counters>(*options_.metrics, resource_.qualified());
  // Who reads in some namespaces only has no rights in the cluster: what it can do without is not asked for.
  if (!resource_.namespaced && options_.optional && !options_.spaces.empty()) {
    absence_ = base::Error{base::Code::Forbidden, "objects of the whole cluster are not read with --namespaces"};
    return;
  }
  std::vector<std::string> spaces = resource_.namespaced ? options_.spaces : std::vector<std::string>();
  if (spaces.empty()) spaces.emplace_back();
  Feed::Listener& self = *this;
  for (std::string& space : spaces) {
    FeedOptions feed{.space = std::move(space), .keep = options_.keep, .optional = options_.optional};
    feeds_.push_back(std::make_unique<Feed>(api, loop, random, resource_, std::move(feed), self));
  }
}

Cache::~Cache() {
  if (!counters_) return;
  counters_->objects.add(-static_cast<double>(objects_.size()));
  counters_->bytes.add(-static_cast<double>(bytes_));
}

void Cache::start() {
  for (const auto& feed : feeds_) feed->start();
}

void Cache::refresh() {
  for (const auto& feed : feeds_) feed->refresh();
}

void Cache::add_listener(Listener listener) { listeners_.push_back(std::move(listener)); }

void Cache::add_progress_listener(std::function<void()> listener) {
  progress_listeners_.push_back(std::move(listener));
}

bool Cache::synced() const {
  return std::ranges::all_of(feeds_, [](const auto& feed) { return feed->synced(); });
}

bool Cache::current() const {
  return std::ranges::all_of(feeds_, [](const auto& feed) { return feed->current(); });
}

const base::Error* Cache::absence() const {
  if (absence_) return &*absence_;
  for (const auto& feed : feeds_)
    if (const base::Error* why = feed->absence()) return why;
  return nullptr;
}

void Cache::require() {
  for (const auto& feed : feeds_) feed->require();
}

const Feed* Cache::feed_of(std::string_view space) const {
  for (const auto& feed : feeds_)
    if (feed->space().empty() || feed->space() == space) return feed.get();
  return nullptr;
}

std::uint64_t Cache::revision(std::string_view space) const {
  const Feed* feed = feed_of(space);
  return feed != nullptr ? feed->revision() : 0;
}

// --- reading ----------------------------------------------------------------------------------------------

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
  out.reserve(owned->second.size());
  for (const Entry* entry : owned->second) out.push_back(entry->second);
  return out;
}

bool Cache::has_dependents(std::string_view uid) const {
  return by_owner_.contains(uid) || by_reference_.contains(uid);
}

std::vector<Value> Cache::dependents_of(std::string_view uid) const {
  std::vector<Value> out = owned_by(uid);
  auto others = by_reference_.find(uid);
  if (others == by_reference_.end()) return out;
  for (const Entry* entry : others->second) out.push_back(entry->second);
  return out;
}

// --- what the feeds bring ---------------------------------------------------------------------------------

const Value& Cache::held(const Value& object) const { return find(name_of(object)); }

// The list is the truth: listeners hear of everything that came, went or changed while we were not watching.
void Cache::listed(const Feed& feed, std::vector<Value> objects) {
  const Objects before = take_out(feed.space());
  for (const Entry& entry : before) index(entry, entry.second, {});
  Objects after;
  for (Value& object : objects) after.insert_or_assign(name_of(object), std::move(object));
  for (const auto& [name, object] : after) index(*objects_.emplace(name, object).first, {}, object);
  for (const auto& [name, was] : before)
    if (!after.contains(name)) tell(was, {});
  for (const auto& [name, is] : after) {
    auto was = before.find(name);
    if (was == before.end())
      tell({}, is);
    else if (api::version_of(was->second) != api::version_of(is))
      tell(was->second, is);
  }
}

// Leaves objects of other namespaces where they are; all of them for an empty one.
Cache::Objects Cache::take_out(const std::string& space) {
  Objects out;
  if (space.empty()) return std::exchange(objects_, {});
  for (auto at = objects_.lower_bound({space, ""}); at != objects_.end() && at->first.space == space;)
    out.insert(out.end(), objects_.extract(at++));
  return out;
}

void Cache::put(const Value& object) {
  Entry& entry = *objects_.try_emplace(name_of(object)).first;
  if (!entry.second.is_null() && revision_of(entry.second) >= revision_of(object)) return;  // repeated, or overtaken
  const Value before = std::exchange(entry.second, object);
  index(entry, before, object);
  tell(before, object);
}

void Cache::removed(const Value& object) {
  auto found = objects_.find(name_of(object));
  if (found == objects_.end() || revision_of(found->second) > revision_of(object)) return;
  const Value before = found->second;
  index(*found, before, {});
  objects_.erase(found);
  tell(before, {});
}

void Cache::progressed() {
  for (const auto& listener : progress_listeners_) listener();
}

void Cache::troubled(const Feed& feed) {
  if (options_.troubled) options_.troubled(resource_, feed.space(), feed.trouble());
}

void Cache::asks(What what, Why why) {
  if (!counters_) return;
  static constexpr const char* kCauses[] = {"begin", "expired", "ended", "failed", "refresh"};
  const std::string cause = kCauses[static_cast<int>(why)];
  if (what == What::Page)
    counters_->pages.add();
  else
    (what == What::Listed ? counters_->lists : counters_->watches).with({counters_->resource, cause}).add();
}

// Listeners may not change the cache.
void Cache::tell(const Value& before, const Value& after) {
  for (const Listener& listener : listeners_) listener(before, after);
}

// --- indexes ----------------------------------------------------------------------------------------------

void Cache::index(const Entry& entry, const Value& before, const Value& after) {
  measure(before, after);
  const bool stays = !before.is_null() && !after.is_null();
  if (stays && before["metadata"]["ownerReferences"] == after["metadata"]["ownerReferences"]) return;
  index_references(entry, before, false);
  index_references(entry, after, true);
  std::string_view was = api::controller_of(before)["uid"].as_string();
  std::string_view is = api::controller_of(after)["uid"].as_string();
  if (stays && was == is) return;
  if (!before.is_null()) erase_from(by_owner_, was, entry);
  if (!after.is_null()) by_owner_[std::string(is)].insert(&entry);
}

void Cache::index_references(const Entry& entry, const Value& object, bool add) {
  for (const Value& reference : object["metadata"]["ownerReferences"].items()) {
    if (reference["controller"].as_bool()) continue;
    if (add)
      by_reference_[reference["uid"].str()].insert(&entry);
    else
      erase_from(by_reference_, reference["uid"].as_string(), entry);
  }
}

void Cache::erase_from(Index& index, std::string_view uid, const Entry& entry) {
  auto found = index.find(uid);
  if (found == index.end()) return;
  found->second.erase(&entry);
  if (found->second.empty()) index.erase(found);
}

void Cache::measure(const Value& before, const Value& after) {
  if (!counters_) return;
  const std::size_t less = data::heap_bytes(before), more = data::heap_bytes(after);
  bytes_ += more;
  bytes_ -= less;
  counters_->bytes.add(static_cast<double>(more) - static_cast<double>(less));
  counters_->objects.add((before.is_null() ? 1 : 0) - (after.is_null() ? 1 : 0));
}

}  // namespace slipway::client
