#include "apiserver/rbac.h"

#include <algorithm>

#include "data/selector.h"

namespace slipway::apiserver {
namespace {

using data::Value;

constexpr std::string_view kClusterRoles = "clusterroles.rbac.authorization.k8s.io";
constexpr std::string_view kRoles = "roles.rbac.authorization.k8s.io";
constexpr std::string_view kClusterRoleBindings = "clusterrolebindings.rbac.authorization.k8s.io";
constexpr std::string_view kRoleBindings = "rolebindings.rbac.authorization.k8s.io";

std::vector<std::string> strings(const Value& list) {
  std::vector<std::string> out;
  for (const Value& item : list.items()) out.push_back(item.str());
  return out;
}

Value list_of(const std::vector<std::string>& texts) {
  std::vector<Value> items(texts.begin(), texts.end());
  return Value::array_of(std::move(items));
}

bool holds(const std::vector<std::string>& list, std::string_view wanted) {
  return std::ranges::any_of(list, [&](const std::string& one) { return one == "*" || one == wanted; });
}

bool holds_resource(const std::vector<std::string>& list, const Attributes& want) {
  std::string full = want.subresource.empty() ? want.resource : want.resource + "/" + want.subresource;
  return std::ranges::any_of(list, [&](const std::string& one) {
    return one == "*" || one == full || (!want.subresource.empty() && one == "*/" + want.subresource);
  });
}

bool holds_name(const std::vector<std::string>& names, const std::string& name) {
  return names.empty() || std::ranges::find(names, name) != names.end();
}

bool holds_url(const std::vector<std::string>& urls, std::string_view path) {
  return std::ranges::any_of(urls, [&](std::string_view url) {
    return url == "*" || url == path || (url.ends_with('*') && path.starts_with(url.substr(0, url.size() - 1)));
  });
}

bool is_subject(const Value& subject, const Identity& who, std::string_view default_space) {
  std::string_view kind = subject["kind"].as_string(), name = subject["name"].as_string();
  if (kind == "User") return who.user == name;
  if (kind == "Group") return who.is_in(name);
  if (kind != "ServiceAccount") return false;
  std::string space = subject["namespace"].str(default_space);
  return who.user == "system:serviceaccount:" + space + ":" + std::string(name);
}

// A list request for one name by field selector counts as naming the object.
std::string name_in_selector(std::string_view field_selector) {
  auto selector = data::FieldSelector::parse(field_selector);
  return selector ? std::string(selector->required("metadata.name")) : "";
}

std::string sentence(const Identity& who, const Attributes& want) {
  if (!want.path.empty()) return "User \"" + who.user + "\" cannot " + want.verb + " path \"" + want.path + "\"";
  std::string full = want.subresource.empty() ? want.resource : want.resource + "/" + want.subresource;
  std::string where = want.space.empty() ? " at the cluster scope" : " in the namespace \"" + want.space + "\"";
  return "User \"" + who.user + "\" cannot " + want.verb + " resource \"" + full + "\" in API group \"" + want.group +
         "\"" + where;
}

template <class Visit>
void each_object(const store::Snapshot& snapshot, std::string_view resource, Visit&& visit) {
  snapshot.scan(resource, "", nullptr, [&](const store::EntryPtr& entry) {
    visit(*entry);
    return true;
  });
}

}  // namespace

bool is_rbac(std::string_view resource) { return resource.ends_with(kRbacGroup); }

const std::vector<std::string>& rbac_resources() {
  static const std::vector<std::string> kAll = {std::string(kClusterRoles), std::string(kRoles),
                                                std::string(kClusterRoleBindings), std::string(kRoleBindings)};
  return kAll;
}

Attributes attributes_of(const ApiRequest& request) {
  const Target& t = request.target;
  Attributes out{.verb = std::string(text_of(request.verb)),
                 .group = t.group,
                 .resource = t.plural,
                 .subresource = t.subresource,
                 .space = t.space,
                 .name = t.name};
  if (t.group.empty() && t.plural == "namespaces" && !t.name.empty()) out.space = t.name;
  bool collection = request.verb == Verb::List || request.verb == Verb::Watch || request.verb == Verb::DeleteCollection;
  if (collection && out.name.empty() && !request.options.field_selector.empty())
    out.name = name_in_selector(request.options.field_selector);
  return out;
}

Attributes attributes_of(const PathRequest& request) {
  std::string verb = request.method;
  std::ranges::transform(verb, verb.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return {.verb = std::move(verb), .path = request.path};
}

bool Rule::allows(const Attributes& want) const {
  if (!holds(verbs, want.verb)) return false;
  if (!want.path.empty()) return holds_url(urls, want.path);
  return holds(groups, want.group) && holds_resource(resources, want) && holds_name(names, want.name);
}

std::vector<Rule> rules_from(const Value& rules) {
  std::vector<Rule> out;
  for (const Value& rule : rules.items())
    out.push_back({strings(rule["verbs"]), strings(rule["apiGroups"]), strings(rule["resources"]),
                   strings(rule["resourceNames"]), strings(rule["nonResourceURLs"])});
  return out;
}

Value to_value(const Rule& rule) {
  Value out = Value::object({{"verbs", list_of(rule.verbs)}});
  if (!rule.groups.empty()) out.set("apiGroups", list_of(rule.groups));
  if (!rule.resources.empty()) out.set("resources", list_of(rule.resources));
  if (!rule.names.empty()) out.set("resourceNames", list_of(rule.names));
  if (!rule.urls.empty()) out.set("nonResourceURLs", list_of(rule.urls));
  return out;
}

Policy::Policy(const store::Snapshot& snapshot) {
  load_roles(snapshot);
  each_object(snapshot, kClusterRoleBindings, [&](const store::Entry& entry) {
    auto subjects = entry.object["subjects"].items();
    cluster_bindings_.push_back({{subjects.begin(), subjects.end()}, referenced(entry.object["roleRef"], "")});
  });
  each_object(snapshot, kRoleBindings, [&](const store::Entry& entry) {
    auto subjects = entry.object["subjects"].items();
    Rules rules = referenced(entry.object["roleRef"], entry.key.space);
    bindings_[entry.key.space].push_back({{subjects.begin(), subjects.end()}, std::move(rules)});
  });
}

void Policy::load_roles(const store::Snapshot& snapshot) {
  std::vector<Value> all;
  each_object(snapshot, kClusterRoles, [&](const store::Entry& entry) {
    all.push_back(entry.object);
    cluster_roles_[entry.key.name] = std::make_shared<const std::vector<Rule>>(rules_from(entry.object["rules"]));
  });
  aggregate(all);
  each_object(snapshot, kRoles, [&](const store::Entry& entry) {
    roles_[{entry.key.space, entry.key.name}] =
        std::make_shared<const std::vector<Rule>>(rules_from(entry.object["rules"]));
  });
}

void Policy::aggregate(const std::vector<Value>& cluster_roles) {
  std::map<std::string, Rules, std::less<>> whole;
  for (const Value& role : cluster_roles) {
    auto selectors = role["aggregationRule"]["clusterRoleSelectors"].items();
    if (selectors.empty()) continue;
    auto rules = *cluster_roles_[role["metadata"]["name"].str()];
    for (const Value& text : selectors) {
      auto selector = data::LabelSelector::from_value(text);
      for (const Value& other : cluster_roles) {
        if (!selector || !selector->matches(other["metadata"]["labels"])) continue;
        auto added = rules_from(other["rules"]);
        rules.insert(rules.end(), added.begin(), added.end());
      }
    }
    whole[role["metadata"]["name"].str()] = std::make_shared<const std::vector<Rule>>(std::move(rules));
  }
  for (auto& [name, rules] : whole) cluster_roles_[name] = rules;
}

const std::vector<Rule>* Policy::role(std::string_view kind, std::string_view space, std::string_view name) const {
  if (kind == "ClusterRole") {
    auto found = cluster_roles_.find(name);
    return found == cluster_roles_.end() ? nullptr : found->second.get();
  }
  auto found = roles_.find({std::string(space), std::string(name)});
  return found == roles_.end() ? nullptr : found->second.get();
}

Policy::Rules Policy::referenced(const Value& reference, std::string_view space) const {
  static const Rules kNone = std::make_shared<const std::vector<Rule>>();
  if (reference["kind"].as_string() == "ClusterRole") {
    auto found = cluster_roles_.find(reference["name"].as_string());
    return found == cluster_roles_.end() ? kNone : found->second;
  }
  auto found = roles_.find({std::string(space), reference["name"].str()});
  return found == roles_.end() ? kNone : found->second;
}

// Visits the rules that hold for `who` until `visit` returns true.
template <class Visit>
bool Policy::visit_rules(const Identity& who, std::string_view space, Visit&& visit) const {
  auto any = [&](const std::vector<Binding>& bindings) {
    for (const Binding& binding : bindings) {
      bool bound = std::ranges::any_of(binding.subjects, [&](const Value& s) { return is_subject(s, who, space); });
      if (bound && std::ranges::any_of(*binding.rules, visit)) return true;
    }
    return false;
  };
  if (any(cluster_bindings_)) return true;
  auto local = space.empty() ? bindings_.end() : bindings_.find(space);
  return local != bindings_.end() && any(local->second);
}

bool Policy::allows(const Identity& who, const Attributes& want) const {
  if (who.is_in("system:masters")) return true;
  return visit_rules(who, want.space, [&](const Rule& rule) { return rule.allows(want); });
}

std::vector<Rule> Policy::rules_of(const Identity& who, std::string_view space) const {
  std::vector<Rule> out;
  if (who.is_in("system:masters"))
    out = {{.verbs = {"*"}, .groups = {"*"}, .resources = {"*"}}, {.verbs = {"*"}, .urls = {"*"}}};
  visit_rules(who, space, [&](const Rule& rule) {
    out.push_back(rule);
    return false;
  });
  return out;
}

bool Policy::covers(const Identity& who, const std::vector<Rule>& rules, std::string_view space) const {
  // A wildcard of the wanted rule is asked for literally, and only a wildcard allows it.
  auto allowed = [&](Attributes want) {
    want.space = space;
    return allows(who, want);
  };
  for (const Rule& rule : rules)
    for (const std::string& verb : rule.verbs) {
      for (const std::string& url : rule.urls)
        if (!allowed({.verb = verb, .path = url})) return false;
      for (const std::string& group : rule.groups)
        for (const std::string& resource : rule.resources) {
          std::vector<std::string> names = rule.names.empty() ? std::vector<std::string>{""} : rule.names;
          std::size_t slash = resource.find('/');
          std::string sub = slash == std::string::npos ? "" : resource.substr(slash + 1);
          for (const std::string& name : names)
            if (!allowed({.verb = verb,
                          .group = group,
                          .resource = resource.substr(0, slash),
                          .subresource = sub,
                          .name = name}))
              return false;
        }
    }
  return true;
}

std::optional<base::Error> authorize(const Policy& policy, const Identity& who, const Attributes& want) {
  if (policy.allows(who, want)) return std::nullopt;
  std::string what = want.group.empty() ? want.resource : want.resource + "." + want.group;
  if (!want.name.empty()) what += " \"" + want.name + "\"";
  std::string prefix = want.path.empty() ? what + " is forbidden: " : "forbidden: ";
  return base::Error{.code = base::Code::Forbidden,
                     .message = prefix + sentence(who, want),
                     .subject = {.group = want.group, .kind = want.resource, .name = want.name}};
}

}  // namespace slipway::apiserver
