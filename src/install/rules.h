// The rights of the controllers and of the gateway in a cluster that others run: as few as they need, each with its
// reason.
//
// docs/rbac.md shows them line by line and is compared with this table by a test.
#pragma once

#include <string>
#include <vector>

#include "data/value.h"

namespace slipway::install {

enum class Where {
  Objects,  // where the Releases are: the whole cluster, or one namespace
  Own,      // the namespace of the controllers and the gateway
};

struct Right {
  Where where;
  std::string group;     // "" is the core group
  std::string resource;  // "releases", "releases/status"
  std::vector<std::string> verbs;
  std::string why;  // one sentence, for people
};

const std::vector<Right>& controller_rights();
const std::vector<Right>& gateway_rights();  // of `slipway gateway`

// PolicyRules of a Role or ClusterRole.
data::Value rules_of(const std::vector<Right>& rights, Where where);

// A table of docs/rbac.md, in Markdown.
std::string rights_table(const std::vector<Right>& rights);

}  // namespace slipway::install
