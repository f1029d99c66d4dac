#include "demo/picture.h"

#include <fmt/format.h>

#include <chrono>

#include "api/resource.h"
#include "view/render.h"

namespace slipway::demo {

using base::Code;
using base::Result;
using data::Value;

namespace {

Result<std::vector<Value>> items_of(Cluster& cluster, const api::Resource& resource, const std::string& space) {
  auto list = cluster.call({.verb = client::Verb::List, .resource = resource, .space = space});
  if (!list) return base::fail(list.error());
  const auto items = (*list)["items"].items();
  return std::vector<Value>(items.begin(), items.end());
}

Result<Value> get_if_there(Cluster& cluster, const api::Resource& resource, const std::string& space,
                           const std::string& name) {
  auto object = cluster.get(resource, space, name);
  if (!object && object.error().code == Code::NotFound) return Value();
  return object;
}

// A Deployment that rolls by itself.
std::vector<std::string> rolling_picture(const Value& deployment, const std::vector<Value>& pods,
                                         const view::Style& style) {
  const Value& status = deployment["status"];
  std::vector<std::string> out{fmt::format("deployment/{}   updated {}, available {} of {}",
                                           deployment["metadata"]["name"].as_string(),
                                           status["updatedReplicas"].as_int(), status["availableReplicas"].as_int(),
                                           deployment["spec"]["replicas"].as_int())};
  for (const Value& pod : pods) {
    const Value& container = pod["status"]["containerStatuses"].at(0);
    const bool ready = container["ready"].as_bool();
    const std::string image = pod["spec"]["containers"].at(0)["image"].str();
    const char* word = pod["metadata"].has("deletionTimestamp") ? "stopping" : ready ? "ready" : "starting";
    out.push_back(fmt::format("  □ {}  {}  {}", pod["metadata"]["name"].as_string(), image,
                              view::paint(style, ready ? view::Colour::Green : view::Colour::Dim, word)));
  }
  return out;
}

}  // namespace

Result<std::vector<std::string>> picture(Cluster& cluster, const std::string& space, const std::string& name,
                                         const view::Style& style) {
  auto release = get_if_there(cluster, api::kReleases, space, name);
  auto deployment = get_if_there(cluster, api::kDeployments, space, name);
  auto pods = items_of(cluster, api::kPods, space);
  auto sets = items_of(cluster, api::kReplicaSets, space);
  auto runs = items_of(cluster, api::kAnalysisRuns, space);
  if (!release || !deployment || !pods || !sets || !runs)
    return base::fail(Code::Unavailable, "the cluster does not answer");
  if (release->is_null()) return rolling_picture(*deployment, *pods, style);
  const view::Objects objects{
      .release = *release, .deployment = *deployment, .replica_sets = *sets, .pods = *pods, .runs = *runs};
  const auto now = std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now());
  return view::render_live(view::compute(objects, now), style);
}

}  // namespace slipway::demo
