#include "api/kinds/pod_rules.h"

#include <set>

#include "api/names.h"
#include "api/problems.h"
#include "data/quantity.h"

namespace slipway::api::kinds {
namespace {

using data::Value;

void complete_volume(Value& volume) {
  if (volume.size() == 1 && volume.has("name")) volume.set("emptyDir", Value::object());
}

void check_volume(const Value& volume, const Path& at, Problems& problems) {
  const Value& name = volume["name"];
  if (std::string bad = check_dns1123_label(name.as_string()); !name.is_empty() && !bad.empty())
    problems.push_back(invalid(at.at("name"), name, bad));
  const std::size_t sources = volume.size() - (volume.has("name") ? 1 : 0);
  if (sources == 0) problems.push_back(required(at, "must specify a volume type"));
  if (sources > 1) problems.push_back(forbidden(at, "may not specify more than 1 volume type"));
}

void check_item(const Value& item, const Path& at, Problems& problems) {
  const Value& path = item["path"];
  if (path.as_string().starts_with('/')) problems.push_back(invalid(at.at("path"), path, "must be a relative path"));
  if (std::string bad = check_absolute_path(path.as_string()); !bad.empty())
    problems.push_back(invalid(at.at("path"), path, bad));
}

// hostPort follows containerPort where the pod shares the host's network.
void complete_host_ports(Value& spec, std::string_view list) {
  for (std::size_t c = 0; c < spec[list].size(); ++c)
    for (std::size_t p = 0; p < spec[list].at(c)["ports"].size(); ++p) {
      const Value& port = spec[list].at(c)["ports"].at(p);
      if (port["hostPort"].is_null() && port["containerPort"].is_int())
        spec.member(list).element(c).member("ports").element(p).set("hostPort", Value(port["containerPort"]));
    }
}

void complete_pod_spec(Value& spec) {
  if (spec["serviceAccountName"].is_empty() && !spec["serviceAccount"].is_empty())
    spec.set("serviceAccountName", Value(spec["serviceAccount"]));
  if (!spec["serviceAccountName"].is_empty() && spec["serviceAccount"] != spec["serviceAccountName"])
    spec.set("serviceAccount", Value(spec["serviceAccountName"]));
  if (!spec["hostNetwork"].as_bool()) return;
  complete_host_ports(spec, "containers");
  complete_host_ports(spec, "initContainers");
}

void check_mounts(const Value& container, const std::set<std::string_view>& volumes, const Path& at,
                  Problems& problems) {
  const Value& mounts = container["volumeMounts"];
  const Path list = at.at("volumeMounts");
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    const Value& name = mounts.at(i)["name"];
    if (!name.is_empty() && !volumes.contains(name.as_string())) {
      const Path item = list.at(i);
      problems.push_back({"FieldValueNotFound", "Not found: \"" + name.str() + "\"", item.at("name").text()});
    }
  }
}

void check_pod_spec(const Value& spec, const Path& at, Problems& problems) {
  std::set<std::string_view> volumes, names;
  const Path volume_list = at.at("volumes");
  for (std::size_t i = 0; i < spec["volumes"].size(); ++i) {
    const Value& name = spec["volumes"].at(i)["name"];
    const Path here = volume_list.at(i);
    if (!volumes.insert(name.as_string()).second) problems.push_back(duplicate(here.at("name"), name));
  }
  if (spec["containers"].is_array() && spec["containers"].is_empty()) problems.push_back(required(at.at("containers")));
  for (std::string_view list : {"initContainers", "containers", "ephemeralContainers"}) {
    const Path path = at.at(list);
    for (std::size_t i = 0; i < spec[list].size(); ++i) {
      const Value& container = spec[list].at(i);
      const Path here = path.at(i);
      if (!container["name"].is_empty() && !names.insert(container["name"].as_string()).second)
        problems.push_back(duplicate(here.at("name"), container["name"]));
      check_mounts(container, volumes, here, problems);
      if (list == "containers" && !container["restartPolicy"].is_null())
        problems.push_back(forbidden(here.at("restartPolicy"), "may not be set for non-init containers"));
    }
  }
}

bool has_amounts(const Value& container, std::string_view which) {
  for (const data::Member& m : container["resources"][which].members())
    if (m.key == "cpu" || m.key == "memory") return true;
  return false;
}

bool is_guaranteed(const Value& container) {
  for (std::string_view name : {"cpu", "memory"}) {
    const Value& limit = container["resources"]["limits"][name];
    const Value& request = container["resources"]["requests"][name];
    if (limit.is_null() || (!request.is_null() && request != limit)) return false;
  }
  return true;
}

// What may change on a pod that exists, taken out of its spec.
Value fixed_part(Value spec) {
  for (std::string_view list : {"containers", "initContainers"})
    for (std::size_t i = 0; i < spec[list].size(); ++i) spec.member(list).element(i).erase("image");
  for (std::string_view field : {"activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds",
                                 "schedulingGates", "nodeName", "ephemeralContainers"})
    spec.erase(field);
  return spec;
}

bool contains(const Value& list, const Value& wanted) {
  for (const Value& item : list.items())
    if (item == wanted) return true;
  return false;
}

}  // namespace

std::map<std::string, TypeRules, std::less<>> volume_rules() {
  return {{"Volume", {complete_volume, check_volume}},
          {"PersistentVolumeClaimSpec", {nullptr, check_claim_spec}},
          {"KeyToPath", {nullptr, check_item}},
          {"DownwardAPIVolumeFile", {nullptr, check_item}}};
}

std::map<std::string, TypeRules, std::less<>> pod_rules() {
  return {{"PodSpec", {complete_pod_spec, check_pod_spec}}, {"Pod", {complete_pod, nullptr}}};
}

std::string_view qos_class(const Value& pod) {
  bool any = false, all = true;
  for (std::string_view list : {"containers", "initContainers"})
    for (const Value& container : pod["spec"][list].items()) {
      any = any || has_amounts(container, "requests") || has_amounts(container, "limits");
      all = all && is_guaranteed(container);
    }
  if (!any) return "BestEffort";
  return all ? "Guaranteed" : "Burstable";
}

void complete_pod(Value& pod) {
  if (!pod["spec"].is_object()) return;
  if (pod["spec"]["enableServiceLinks"].is_null()) pod.set({"spec", "enableServiceLinks"}, true);
  for (std::string_view list : {"containers", "initContainers"})
    for (std::size_t i = 0; i < pod["spec"][list].size(); ++i) {
      const Value resources = pod["spec"][list].at(i)["resources"];
      for (const data::Member& m : resources["limits"].members())
        if (resources["requests"][m.key.view()].is_null())
          pod.member("spec").member(list).element(i).set({"resources", "requests", m.key.view()}, m.value);
    }
}

void begin_pod(Value& pod) { pod.set("status", Value::object({{"phase", "Pending"}, {"qosClass", qos_class(pod)}})); }

void check_pod_update(const Value& pod, const Value& old, std::vector<base::Cause>& problems) {
  if (old.is_null()) return;
  const Path spec{nullptr, "spec"};
  const Value &now = pod["spec"], &was = old["spec"];
  if (fixed_part(now) != fixed_part(was))
    problems.push_back(
        forbidden(spec,
                  "pod updates may not change fields other than `spec.containers[*].image`,"
                  "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
                  "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be "
                  "set to 1 if it was previously negative)"));
  if (!was["nodeName"].is_empty() && now["nodeName"] != was["nodeName"])
    problems.push_back(forbidden(spec.at("nodeName"), "a pod stays on its node"));
  for (const Value& t : was["tolerations"].items())
    if (!contains(now["tolerations"], t))
      problems.push_back(
          forbidden(spec.at("tolerations"), "existing toleration can not be modified except its tolerationSeconds"));
  if (now["terminationGracePeriodSeconds"] != was["terminationGracePeriodSeconds"] &&
      was["terminationGracePeriodSeconds"].as_int() >= 0)
    problems.push_back(forbidden(spec.at("terminationGracePeriodSeconds"), "may not change"));
}

}  // namespace slipway::api::kinds
