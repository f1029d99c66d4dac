// What the events of a story ask of the API.
#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"
#include "control/pod.h"
#include "delivery/commands.h"
#include "rehearse/behaviour.h"
#include "rehearse/faults.h"
#include "rehearse/scenario/player.h"

namespace slipway::rehearse::scenario {

using base::Code;
using client::PatchType;
using client::Request;
using client::Verb;
using data::Value;

namespace {

constexpr const char* kUser = "user";  // field manager
constexpr base::Duration kAgain = base::milliseconds(200);
constexpr int kMostAttempts = 150;  // half a minute: a server that is started again

// What a new version does not keep of the one before it.
constexpr std::string_view kBehaviours[] = {"never-ready", "crash-after", "out-of-memory", "image-missing",
                                            "mount-fails", "error-rate",  "latency"};

delivery::Verb verb_of(const std::string& text) {
  if (text == "promote") return delivery::Verb::Promote;
  if (text == "promote-full") return delivery::Verb::PromoteFull;
  if (text == "promote-now") return delivery::Verb::PromoteNow;
  if (text == "abort") return delivery::Verb::Abort;
  if (text == "back") return delivery::Verb::Back;
  return text == "retry" ? delivery::Verb::Retry : delivery::Verb::Undo;
}

bool is_passing(Code code) {
  return code == Code::Unavailable || code == Code::Timeout || code == Code::TooManyRequests || code == Code::Canceled;
}

}  // namespace

namespace {

// "$SPACE" is the story's namespace.
Value in_space(const Value& v, const std::string& space) {
  if (v.is_string()) return base::replace_all(v.str(), "$SPACE", space);
  if (v.is_array()) {
    Value out = Value::array();
    for (const Value& item : v.items()) out.push_back(in_space(item, space));
    return out;
  }
  if (!v.is_object()) return v;
  Value out = Value::object();
  for (const data::Member& m : v.members()) out.set(m.key, in_space(m.value, space));
  return out;
}

}  // namespace

// --- requests ---------------------------------------------------------------------------------------------

Request Player::apply(const Object& object) const {
  Value body = in_space(object.value, space_);
  if (object.resource.namespaced) body.set({"metadata", "namespace"}, space_);
  const std::string name(api::name_of(body));
  return {.verb = Verb::Patch,
          .resource = object.resource,
          .space = object.resource.namespaced ? space_ : "",
          .name = name,
          .body = std::move(body),
          .patch_type = PatchType::Apply,
          .field_manager = kUser,
          .force = true};
}

Request Player::patch(const api::Resource& resource, const std::string& name, Value body, PatchType type) const {
  return {.verb = Verb::Patch,
          .resource = resource,
          .space = resource.namespaced ? space_ : "",
          .name = base::replace_all(name, "$SPACE", space_),
          .body = in_space(body, space_),
          .patch_type = type,
          .field_manager = kUser};
}

Request Player::remove(const api::Resource& resource, const std::string& name) const {
  // kubectl's default: garbage is collected after the object is gone.
  return {
      .verb = Verb::Delete,
      .resource = resource,
      .space = resource.namespaced ? space_ : "",
      .name = name,
      .body = Value::object({{"kind", "DeleteOptions"}, {"apiVersion", "v1"}, {"propagationPolicy", "Background"}})};
}

Request Player::deploy(const Deploy& deploy) const {
  const api::Resource& kind = workload_of(observer_, space_, scenario_.app);
  const Value& template_now = observer_.of(kind).find({space_, scenario_.app})["spec"]["template"];
  const Value& container = template_now["spec"]["containers"].at(0);
  const std::string image = container["image"].str();
  Value annotations = Value::object();
  for (const std::string_view key : kBehaviours) annotations.set(std::string(kAnnotationPrefix).append(key), nullptr);
  for (const auto& [key, value] : deploy.behaviour) annotations.set(std::string(kAnnotationPrefix) + key, value);
  Value pod = Value::object({{"metadata", Value::object({{"annotations", annotations}})}});
  const Value changed =
      Value::object({{"name", container["name"]}, {"image", image.substr(0, image.rfind(':') + 1) + deploy.version}});
  pod.set("spec", Value::object({{"containers", Value::array({changed})}}));
  return patch(kind, scenario_.app, Value::object({{"spec", Value::object({{"template", pod}})}}),
               PatchType::Strategic);
}

Request Player::command(const std::string& verb) {
  if (verb == "pause" || verb == "resume")
    return patch(api::kReleases, scenario_.app, delivery::pause_patch(verb == "pause"));
  return patch(api::kReleases, scenario_.app,
               delivery::command_patch({.id = std::to_string(++commands_),
                                        .verb = verb_of(verb),
                                        .by = kUser,
                                        .reason = verb == "promote-now" ? "the story asks for it" : ""}));
}

std::vector<Request> Player::kill(const KillPods& kill) const {
  std::vector<Request> requests;
  for (const Value& pod : observer_.of(api::kPods).in_space(space_))
    if (std::ssize(requests) < kill.count && control::is_active(pod) && version_of(pod) == kill.version)
      requests.push_back(remove(api::kPods, std::string(api::name_of(pod))));
  return requests;
}

std::vector<Request> Player::requests_of(const Action& action) {
  std::vector<Request> requests;
  if (const auto* a = std::get_if<Apply>(&action))
    for (const Object& object : a->objects) requests.push_back(apply(object));
  if (const auto* p = std::get_if<Patch>(&action)) requests.push_back(patch(p->resource, p->name, p->body));
  if (const auto* r = std::get_if<Remove>(&action)) requests.push_back(remove(r->resource, r->name));
  if (const auto* d = std::get_if<Deploy>(&action)) requests.push_back(deploy(*d));
  if (const auto* c = std::get_if<ReleaseCommand>(&action)) requests.push_back(command(c->verb));
  if (const auto* k = std::get_if<KillPods>(&action)) requests = kill(*k);
  if (const auto* s = std::get_if<Scale>(&action))
    requests.push_back(patch(workload_of(observer_, space_, scenario_.app), scenario_.app,
                             Value::object({{"spec", Value::object({{"replicas", s->replicas}})}})));
  if (const auto* r = std::get_if<RemoveReplicaSet>(&action))
    for (const Value& set : observer_.of(api::kReplicaSets).in_space(space_))
      if (version_of(set["spec"]["template"]) == r->version)
        requests.push_back(remove(api::kReplicaSets, std::string(api::name_of(set))));
  return requests;
}

// All nodes there are: a story does not know their names.
void Player::cordon(bool on, std::function<void()> then) {
  stage_.api().call({.verb = Verb::List, .resource = api::kNodes},
                    [this, on, then = std::move(then), alive = alive_](client::Answer nodes) mutable {
                      if (!*alive) return;
                      if (!nodes) return fail("the nodes could not be listed: " + nodes.error().message);
                      std::vector<Request> requests;
                      for (const Value& node : (*nodes)["items"].items())
                        requests.push_back(patch(api::kNodes, std::string(api::name_of(node)),
                                                 Value::object({{"spec", Value::object({{"unschedulable", on}})}})));
                      send(std::move(requests), "cordon", std::move(then));
                    });
}

void Player::refuse(const Refuse& refuse, std::string where, std::function<void()> then) {
  stage_.api().call(apply(refuse.object), [this, because = refuse.because, where = std::move(where),
                                           then = std::move(then), alive = alive_](client::Answer answer) {
    if (!*alive || done_) return;
    if (answer) return fail(where + ": should have been refused: " + because);
    if (answer.error().message.find(because) == std::string::npos)
      return fail(where + ": was refused for another reason: " + answer.error().message);
    then();
  });
}

// --- sending ----------------------------------------------------------------------------------------------

void Player::send(std::vector<Request> requests, std::string where, std::function<void()> then) {
  if (requests.empty()) return fail(where + ": there is nothing to do it to; " + situation());
  send_again(std::make_shared<std::vector<Request>>(std::move(requests)), 0, std::move(where), std::move(then), 0);
}

// One after another. All of them may be repeated: they say what shall be, not what shall change.
void Player::send_again(std::shared_ptr<std::vector<Request>> requests, std::size_t index, std::string where,
                        std::function<void()> then, int attempts) {
  if (done_) return;
  if (index == requests->size()) return then();
  const Request& request = (*requests)[index];
  stage_.api().call(request, [this, requests, index, where = std::move(where), then = std::move(then), attempts,
                              alive = alive_](client::Answer answer) mutable {
    if (!*alive) return;
    const Request& sent = (*requests)[index];
    const bool gone = !answer && sent.verb == Verb::Delete && attempts > 0 && answer.error().code == Code::NotFound;
    if (answer || gone) return send_again(requests, index + 1, std::move(where), std::move(then), 0);
    if (!is_passing(answer.error().code) || attempts >= kMostAttempts)
      return fail(where + ": " + sent.resource.kind + " " + sent.name + ": " + answer.error().message);
    run_after(stage_.loop(), kAgain, [this, requests, index, where, then, attempts, alive] {
      if (*alive) send_again(requests, index, where, then, attempts + 1);
    });
  });
}

}  // namespace slipway::rehearse::scenario
