// A local, always-current copy of one resource, with indexes (what client-go calls an informer): of all namespaces, or
// of some, then with a list and a watch for each (feed.h says how they are kept up).
//
// Lives on the control loop. Readers get shared immutable Values; they see changes only between turns of the loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "client/feed.h"
#include "runtime/metrics.h"

namespace slipway::client {

// Namespace and name; the namespace is empty for cluster-scoped objects.
struct ObjectName {
  std::string space;
  std::string name;
  auto operator<=>(const ObjectName&) const = default;
};

struct CacheOptions {
  std::vector<std::string> spaces = {};  // of these namespaces only; empty: of all
  Projection keep = nullptr;
  // Without the right to read them, there are no objects (Feed::absence). Those of the whole cluster are not even asked
  // for when `spaces` are given.
  bool optional = false;
  // Counts lists and watches there, and objects and bytes, by resource: slipway_cache_* (docs/metrics.md).
  runtime::Metrics* metrics = nullptr;
  // Told when a list or watch is in trouble (Feed::trouble); null: it has ended.
  using Troubled = std::function<void(const Resource&, const std::string& space, const base::Error*)>;
  Troubled troubled = {};
};

class Cache final : private Feed::Listener {
 public:
  // Called after the cache has changed; `before` or `after` is null for an object that came or went.
  using Listener = std::function<void(const data::Value& before, const data::Value& after)>;

  Cache(ApiClient& api, runtime::Loop& loop, runtime::Random& random, Resource resource, CacheOptions options = {});
  ~Cache() override;
  Cache(const Cache&) = delete;

  const Resource& resource() const { return resource_; }
  void start();
  void refresh();  // Feed::refresh, of all namespaces
  void add_listener(Listener listener);
  // Called when `synced`, `current` or `revision` has moved, after the listeners for what changed: also for a list that
  // brought nothing new and for a bookmark. Who waits for a revision waits here.
  void add_progress_listener(std::function<void()> listener);
  bool synced() const;   // has completed its first lists
  bool current() const;  // the same, and all that `refresh` has asked for
  // Why there can be no objects in some of the namespaces (Feed::absence); null when there is no such reason.
  const base::Error* absence() const;
  void require();  // not optional any more
  // Whether the objects of a namespace are here, and the newest resourceVersion seen there.
  bool covers(std::string_view space) const { return feed_of(space) != nullptr; }
  std::uint64_t revision(std::string_view space) const;

  const data::Value& find(const ObjectName& name) const;  // null when absent
  const std::map<ObjectName, data::Value>& all() const { return objects_; }
  std::vector<data::Value> in_space(std::string_view space) const;  // in name order
  // Objects whose controller owner reference has this uid, in name order; constant-time lookup. With an empty uid: the
  // objects that have no controller owner.
  std::vector<data::Value> owned_by(std::string_view uid) const;
  // Objects with any owner reference to this uid, the controller's first; constant-time lookup.
  std::vector<data::Value> dependents_of(std::string_view uid) const;
  bool has_dependents(std::string_view uid) const;
  // What the objects take of the heap, about; 0 without metrics.
  std::size_t bytes() const { return bytes_; }

 private:
  using Objects = std::map<ObjectName, data::Value>;
  using Entry = Objects::value_type;
  struct ByName {
    bool operator()(const Entry* a, const Entry* b) const { return a->first < b->first; }
  };
  // Entries stay where they are while their object is here, so that no lookup by name is needed for each.
  using Index = std::map<std::string, std::set<const Entry*, ByName>, std::less<>>;
  struct Counters;

  const data::Value& held(const data::Value& object) const override;
  void listed(const Feed& feed, std::vector<data::Value> objects) override;
  void put(const data::Value& object) override;
  void removed(const data::Value& object) override;
  void progressed() override;
  void troubled(const Feed& feed) override;
  void asks(What what, Why why) override;

  const Feed* feed_of(std::string_view space) const;
  Objects take_out(const std::string& space);
  void tell(const data::Value& before, const data::Value& after);
  void index(const Entry& entry, const data::Value& before, const data::Value& after);
  void index_references(const Entry& entry, const data::Value& object, bool add);
  static void erase_from(Index& index, std::string_view uid, const Entry& entry);
  void measure(const data::Value& before, const data::Value& after);

  Resource resource_;
  CacheOptions options_;
  std::unique_ptr<Counters> counters_;  // null without metrics
  std::vector<Listener> listeners_;
  std::vector<std::function<void()>> progress_listeners_;
  Objects objects_;
  Index by_owner_;      // by the controller's uid
  Index by_reference_;  // by the uid of any other owner
  std::size_t bytes_ = 0;
  std::vector<std::unique_ptr<Feed>> feeds_;
  std::optional<base::Error> absence_;  // at least one
};

}  // namespace slipway::client
