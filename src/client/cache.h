// A local, always-current copy of one resource: list, then watch, again and again (what client-go calls an informer).
//
// Lives on the control loop. Readers get shared immutable Values; they see changes only between turns of the loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "client/api_client.h"
#include "runtime/loop.h"

namespace slipway::client {

// Namespace and name; the namespace is empty for cluster-scoped objects.
struct ObjectName {
  std::string space;
  std::string name;
  auto operator<=>(const ObjectName&) const = default;
};

class Cache {
 public:
  // Called after the cache has changed; `before` or `after` is null for an object that came or went.
  using Listener = std::function<void(const data::Value& before, const data::Value& after)>;

  Cache(ApiClient& api, runtime::Loop& loop, runtime::Random& random, Resource resource);
  ~Cache();
  Cache(const Cache&) = delete;

  const Resource& resource() const { return resource_; }
  void start();
  void add_listener(Listener listener);
  // Called when `synced` or `revision` has moved, after the listeners for what changed: also for a list that brought nothing
  // new and for a bookmark. Who waits for a revision waits here.
  void add_progress_listener(std::function<void()> listener);
  bool synced() const { return synced_; }         // has completed its first list
  std::uint64_t revision() const { return revision_; }  // newest resourceVersion seen

  const data::Value& find(const ObjectName& name) const;      // null when absent
  const std::map<ObjectName, data::Value>& all() const { return objects_; }
  std::vector<data::Value> in_space(std::string_view space) const;  // in name order
  // Objects whose controller owner reference has this uid, in name order; constant-time lookup. With an empty uid: the
  // objects that have no controller owner.
  std::vector<data::Value> owned_by(std::string_view uid) const;
  // Objects with any owner reference to this uid, the controller's first; constant-time lookup.
  std::vector<data::Value> dependents_of(std::string_view uid) const;

 private:
  class Watching;
  friend class Watching;
  void list(std::string continue_token, std::map<ObjectName, data::Value> so_far);
  void replace(std::map<ObjectName, data::Value> objects, std::uint64_t revision);
  void put(const data::Value& object);
  void remove(const data::Value& object);
  using Index = std::map<std::string, std::set<ObjectName>, std::less<>>;
  void index(const data::Value& before, const data::Value& after);
  void index_references(const data::Value& object, bool add);
  void advance(std::uint64_t revision);
  void retry(const base::Error& why);
  void watch();

  ApiClient& api_;
  runtime::Loop& loop_;
  runtime::Random& random_;
  Resource resource_;
  std::vector<Listener> listeners_;
  std::vector<std::function<void()>> progress_listeners_;
  std::map<ObjectName, data::Value> objects_;
  Index by_owner_;      // by the controller's uid
  Index by_reference_;  // by the uid of any other owner
  std::unique_ptr<Watching> watching_;
  runtime::Timer retry_timer_;
  std::shared_ptr<bool> alive_;
  int failures_ = 0;
  bool synced_ = false;
  std::uint64_t revision_ = 0;
};

}  // namespace slipway::client
