// Which resources a cluster has, by the names people use: "deploy", "deployments.apps", "Deployment".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/resource.h"
#include "base/error.h"
#include "data/value.h"

namespace slipway::cli {

class Api;

class Kinds {
 public:
  // Asks the cluster: aggregated discovery of /api and /apis.
  static base::Result<Kinds> discover(Api& api);
  // From APIGroupDiscoveryLists.
  static Kinds of(const std::vector<data::Value>& discovery_lists);

  // By plural, singular, kind or short name, each also with ".GROUP". BadRequest when there is none.
  base::Result<api::Resource> find(std::string_view name) const;
  // By what stands in a manifest.
  base::Result<api::Resource> find_kind(std::string_view api_version, std::string_view kind) const;

 private:
  struct Entry {
    api::Resource resource;
    std::vector<std::string> names;  // lower case
  };
  std::vector<Entry> entries_;  // in discovery's order: preferred versions first
};

}  // namespace slipway::cli
