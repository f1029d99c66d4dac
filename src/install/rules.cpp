#include "install/rules.h"

#include "base/strings.h"

namespace slipway::install {

using data::Value;

const std::vector<Right>& controller_rights() {
  using enum Where;
  static const std::vector<std::string> kRead = {"get", "list", "watch"};  // what we write is also looked up
  static const std::vector<std::string> kSee = {"list", "watch"};
  static const std::vector<Right> all = {
      {Objects, "slipway.dev", "releases", kRead, "what is to be released, and how"},
      {Objects, "slipway.dev", "releases", {"patch"}, "the finalizer by which leaving is clean"},
      {Objects, "slipway.dev", "releases/status", {"patch"}, "what a release does, and why"},
      {Objects, "slipway.dev", "cohorts", kSee, "which users a batch lets in"},
      {Objects, "slipway.dev", "analysistemplates", kSee, "which metrics decide"},
      {Objects, "slipway.dev", "clusteranalysistemplates", kSee, "the same, for all namespaces"},
      {Objects, "slipway.dev", "releasepolicies", kRead,
       "whether releases may go forward at all, and how many at once"},
      {Objects, "slipway.dev", "releasepolicies/status", {"patch"}, "which releases have a place, and which wait"},
      {Objects, "slipway.dev", "notifications", kRead, "who is told of what happens"},
      {Objects, "slipway.dev", "notifications/status", {"patch"}, "what has been told, and what could not be"},
      {Objects, "slipway.dev", "analysisruns", kRead, "what was measured"},
      {Objects,
       "slipway.dev",
       "analysisruns",
       {"create", "patch", "delete"},
       "an analysis begins, is ended early, and is forgotten"},
      {Objects, "slipway.dev", "analysisruns/status", {"patch"}, "measurements and verdicts"},
      {Objects, "apps", "deployments", kRead, "the workload: its template, its replicas, its health"},
      {Objects, "apps", "deployments", {"patch"}, "pause it while a release rolls, and give the result back to it"},
      {Objects, "apps", "deployments/status", {"patch"}, "the condition slipway.dev/Held, which says who holds it"},
      {Objects, "apps", "statefulsets", kRead, "the workload: its template, its replicas, its health"},
      {Objects, "apps", "statefulsets", {"patch"}, "hold its pods back by the partition, and let them go in batches"},
      {Objects, "apps", "daemonsets", kRead, "the workload: its template, its nodes, its health"},
      {Objects, "apps", "daemonsets", {"patch"}, "hold its pods back, and give a rejected one its template back"},
      {Objects, "apps", "replicasets", kRead, "the versions that there are, and their pods"},
      {Objects, "apps", "replicasets", {"create", "patch", "delete"}, "the candidate, its size, and its owner"},
      {Objects, "", "namespaces", kSee, "which of them let previews in"},
      {Objects, "apps", "controllerrevisions", kRead, "what earlier versions were"},
      {Objects,
       "apps",
       "controllerrevisions",
       {"create", "delete"},
       "each version is written down, so that it can be made again, and forgotten with the history"},
      {Objects, "", "configmaps", kRead, "what is in the ConfigMaps of a version, where spec.config versions them"},
      {Objects,
       "",
       "configmaps",
       {"create", "patch", "delete"},
       "copies of them that never change, and their old content again on undo"},
      {Objects, "", "pods", kSee, "readiness and restarts, which the guards watch"},
      {Objects,
       "",
       "pods",
       {"create", "delete"},
       "a metric of provider job runs a pod of its template, and clears it away; pods of StatefulSets and DaemonSets "
       "are replaced; those that were kept after a rollback go"},
      {Objects,
       "",
       "pods",
       {"patch"},
       "pods of a rejected version are kept aside where spec.rollback.keepPods says so"},
      {Objects, "", "services", kRead, "what the traffic goes to"},
      {Objects,
       "",
       "services",
       {"create", "patch", "delete"},
       "the services of the stable and of the candidate version"},
      {Objects, "discovery.k8s.io", "endpointslices", kSee, "whether the pods of a version can be reached"},
      {Objects, "gateway.networking.k8s.io", "httproutes", kRead, "how the traffic is split now"},
      {Objects, "gateway.networking.k8s.io", "httproutes", {"patch"}, "the weights"},
      {Objects, "networking.istio.io", "virtualservices", kRead, "how Istio splits the traffic now"},
      {Objects, "networking.istio.io", "virtualservices", {"patch"}, "the weights"},
      {Objects, "networking.istio.io", "destinationrules", kRead, "the subsets of Istio"},
      {Objects, "networking.istio.io", "destinationrules", {"patch"}, "the subsets of the two versions"},
      {Objects, "networking.k8s.io", "ingresses", kRead, "how ingress-nginx splits the traffic now"},
      {Objects,
       "networking.k8s.io",
       "ingresses",
       {"create", "patch", "delete"},
       "the stable version in the user's Ingress, and the canary Ingress beside it"},
      {Objects, "traefik.io", "traefikservices", kRead, "how Traefik splits the traffic now"},
      {Objects, "traefik.io", "traefikservices", {"patch"}, "the weights"},
      {Objects, "traefik.io", "ingressroutes", kRead, "how Traefik splits the traffic now"},
      {Objects, "traefik.io", "ingressroutes", {"patch"}, "the weights"},
      {Objects, "", "events", {"create", "patch"}, "what happened, for kubectl describe"},
      {Objects, "", "events", {"list"}, "why pods do not start, or do not get ready"},
      {Own, "coordination.k8s.io", "leases", {"get", "create", "update"}, "one controller leads at a time"},
      {Own, "coordination.k8s.io", "leases", kSee, "which replicas of the gateway there are, and what they show"},
  };
  return all;
}

const std::vector<Right>& gateway_rights() {
  using enum Where;
  static const std::vector<std::string> kSee = {"list", "watch"};
  static const std::vector<std::string> kSay = {"patch"};
  static const char* const kApi = "gateway.networking.k8s.io";
  static const std::vector<Right> all = {
      {Objects, kApi, "gatewayclasses", kSee, "which classes are ours"},
      {Objects, kApi, "gatewayclasses/status", kSay, "that they are accepted"},
      {Objects, kApi, "gateways", kSee, "what to listen on, and for whom"},
      {Objects, kApi, "gateways/status", kSay, "the addresses, and how each listener does"},
      {Objects, kApi, "httproutes", kSee, "which requests go where, with which weights"},
      {Objects, kApi, "httproutes/status", kSay, "that a route is accepted, resolved and programmed"},
      {Objects, kApi, "referencegrants", kSee, "which routes may name Services of other namespaces"},
      {Objects, "", "namespaces", kSee, "their labels, by which listeners may choose whose routes they take"},
      {Objects, "", "services", kSee, "the ports of backends, and the gateway's own address"},
      {Objects, "discovery.k8s.io", "endpointslices", kSee, "the addresses of pods"},
      {Own, "coordination.k8s.io", "leases", {"get", "create", "update"}, "one replica writes statuses at a time"},
      {Own,
       "coordination.k8s.io",
       "leases",
       {"patch", "delete"},
       "its own lease, by which it is found, and those of the dead"},
      {Own, "coordination.k8s.io", "leases", kSee, "the certificate of the controller that may ask"},
  };
  return all;
}

Value rules_of(const std::vector<Right>& rights, Where where) {
  Value rules = Value::array();
  for (const Right& right : rights) {
    if (right.where != where) continue;
    Value verbs = Value::array();
    for (const std::string& verb : right.verbs) verbs.push_back(verb);
    rules.push_back(Value::object({{"apiGroups", Value::array({right.group})},
                                   {"resources", Value::array({right.resource})},
                                   {"verbs", std::move(verbs)}}));
  }
  return rules;
}

std::string rights_table(const std::vector<Right>& rights) {
  std::string out = "| where | group | resource | verbs | why |\n|---|---|---|---|---|\n";
  for (const Right& right : rights)
    out += std::string("| ") + (right.where == Where::Own ? "own namespace" : "where Releases are") + " | " +
           (right.group.empty() ? "core" : right.group) + " | " + right.resource + " | " +
           base::join(right.verbs, ", ") + " | " + right.why + " |\n";
  return out;
}

}  // namespace slipway::install
