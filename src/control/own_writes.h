// Read your writes: which of our own writes the caches do not show yet.
//
// A cache shows a write once it has seen the write's resourceVersion or a later one of that resource; it shows a
// removal once it no longer holds that uid. resourceVersions of one resource are compared as numbers, as the Kubernetes
// API concepts allow since 1.35 and every server has always done; one that is no number is not waited for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/cache.h"
#include "data/value.h"

namespace slipway::control {

class OwnWrites {
 public:
  // `answer` is what the API returned for a write of this object.
  void wrote(const client::Cache& cache, const data::Value& answer);
  void removed(const client::Cache& cache, client::ObjectName name, std::string uid);
  // A write whose answer does not carry the object: shown once the cached object (null when it is gone) looks like it,
  // or is another one of the same name than the cache shows now.
  using Looks = bool (*)(const data::Value& object);
  void awaits(const client::Cache& cache, client::ObjectName name, Looks looks);
  // Do the caches show everything? Forgets what they do.
  bool seen();
  void clear();

 private:
  struct Written {
    const client::Cache* cache;
    std::string space;      // of its own in namespaced caches: each namespace is watched for itself
    std::uint64_t version;  // the newest one of this resource there
  };
  struct Removed {
    const client::Cache* cache;
    client::ObjectName name;
    std::string uid;
  };
  std::vector<Written> written_;
  struct Awaited {
    const client::Cache* cache;
    client::ObjectName name;
    std::string uid;
    Looks looks;
  };
  std::vector<Removed> removed_;
  std::vector<Awaited> awaited_;
};

}  // namespace slipway::control
