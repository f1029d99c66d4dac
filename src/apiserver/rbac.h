// Role-based access control as Kubernetes defines it ("Using RBAC Authorization"): an allow-only union over
// ClusterRoleBindings, then over the RoleBindings of the namespace. Members of system:masters may do everything.
//
// A `Policy` is compiled from the RBAC objects of one snapshot and immutable: any thread may ask it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apiserver/request.h"
#include "base/error.h"
#include "data/value.h"
#include "store/store.h"

namespace slipway::apiserver {

// What somebody wants to do. Either about a resource, or about a path (then `path` is set).
struct Attributes {
  std::string verb;
  std::string group = {};
  std::string resource = {};  // plural
  std::string subresource = {};
  std::string space = {};
  std::string name = {};
  std::string path = {};
};

Attributes attributes_of(const ApiRequest& request);
Attributes attributes_of(const PathRequest& request);

struct Rule {
  std::vector<std::string> verbs, groups, resources, names, urls;
  bool allows(const Attributes& want) const;
};

class Policy {
 public:
  explicit Policy(const store::Snapshot& snapshot);
  bool allows(const Identity& who, const Attributes& want) const;
  // Every rule that holds for `who`, cluster-wide and in `space`.
  std::vector<Rule> rules_of(const Identity& who, std::string_view space) const;
  // May `who` do everything that these rules allow (in `space`)? Escalation by handing out roles is refused with this.
  bool covers(const Identity& who, const std::vector<Rule>& rules, std::string_view space) const;
  // Rules of a Role or ClusterRole by reference; null when there is none.
  const std::vector<Rule>* role(std::string_view kind, std::string_view space, std::string_view name) const;

 private:
  using Rules = std::shared_ptr<const std::vector<Rule>>;
  struct Binding {
    std::vector<data::Value> subjects;
    Rules rules;
  };
  Rules referenced(const data::Value& reference, std::string_view space) const;
  void load_roles(const store::Snapshot& snapshot);
  void aggregate(const std::vector<data::Value>& cluster_roles);
  template <class Visit>
  bool visit_rules(const Identity& who, std::string_view space, Visit&& visit) const;

  std::map<std::string, Rules, std::less<>> cluster_roles_;
  std::map<std::pair<std::string, std::string>, Rules> roles_;  // by namespace and name
  std::vector<Binding> cluster_bindings_;
  std::map<std::string, std::vector<Binding>, std::less<>> bindings_;  // by namespace
};

std::vector<Rule> rules_from(const data::Value& rules);
data::Value to_value(const Rule& rule);

// Nothing when allowed, otherwise Forbidden in Kubernetes' wording.
std::optional<base::Error> authorize(const Policy& policy, const Identity& who, const Attributes& want);

// The store keys of the RBAC kinds.
inline constexpr std::string_view kRbacGroup = "rbac.authorization.k8s.io";
bool is_rbac(std::string_view qualified_resource);
const std::vector<std::string>& rbac_resources();

}  // namespace slipway::apiserver
