#include "server/node_conditions.h"

#include <algorithm>
#include <cstdio>

#include "api/resource.h"
#include "base/time.h"

namespace slipway::server {

using data::Value;

namespace {

constexpr base::Duration kSoon = base::milliseconds(200);  // while something is not known or not told yet
constexpr base::Duration kLater = base::seconds(2);

Value condition(const NodeConditions::Part& part, const std::string& problem, base::Time now) {
  const std::string when = base::format_time(now);
  return Value::object({{"type", part.type},
                        {"status", problem.empty() ? "True" : "False"},
                        {"reason", problem.empty() ? "Working" : "NotWorking"},
                        {"message", problem.empty() ? part.working : problem},
                        {"lastHeartbeatTime", when},
                        {"lastTransitionTime", when}});
}

}  // namespace

void NodeConditions::look() {
  for (Watched& watched : parts_) look_at(watched);
  publish();
  const bool settled = std::all_of(parts_.begin(), parts_.end(), [](const Watched& w) { return w.known && w.told; });
  timer_ = loop_.after(settled ? kLater : kSoon, [this] { look(); });
}

void NodeConditions::look_at(Watched& watched) {
  const std::string problem = watched.part.problem();
  if (problem.empty() && !watched.known && !watched.part.works()) return;  // still starting
  if (watched.known && problem == watched.problem) return;
  if (!problem.empty()) std::fprintf(stderr, "problem: %s\n", problem.c_str());
  if (problem.empty() && watched.known) std::fprintf(stderr, "works again: %s\n", watched.part.type.c_str());
  watched.problem = problem;
  watched.known = true;
  watched.told = false;
}

void NodeConditions::publish() {
  Value conditions = Value::array();
  for (const Watched& w : parts_)
    if (w.known && !w.told) conditions.push_back(condition(w.part, w.problem, loop_.now()));
  if (publishing_ || conditions.size() == 0) return;
  publishing_ = true;
  client::Request request{.verb = client::Verb::Patch,
                          .resource = api::kNodes,
                          .name = node_,
                          .subresource = "status",
                          .body = Value::object({{"status", Value::object({{"conditions", conditions}})}}),
                          .patch_type = client::PatchType::Strategic,
                          .field_manager = "slipway-server"};
  std::vector<std::string> sent;
  for (const Watched& w : parts_) sent.push_back(w.problem);
  api_.call(std::move(request), [this, sent, alive = alive_](client::Answer answer) {
    if (!*alive) return;
    publishing_ = false;
    if (!answer) return;  // the node is not registered yet, say: the next look sends it again
    for (std::size_t i = 0; i < parts_.size(); ++i) parts_[i].told = parts_[i].known && parts_[i].problem == sent[i];
  });
}

}  // namespace slipway::server
