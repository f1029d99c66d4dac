#include "delivery/decide/variants.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/meta.h"
#include "api/resource.h"
#include "api/scheme.h"
#include "control/pod_template.h"
#include "data/patch.h"
#include "data/selector.h"
#include "delivery/decide/halt.h"
#include "delivery/decide/replicas.h"
#include "delivery/decide/traffic.h"
#include "delivery/names.h"
#include "delivery/observe_config.h"

namespace slipway::delivery {
namespace {

using data::Value;
using plan::Parts;
using plan::Share;

constexpr base::Duration kCountInterval = base::seconds(30);

bool gets_any(const plan::Traffic& traffic, std::size_t i) {
  const auto given = [i](const Parts& parts) {
    return i < parts.size() && !parts[i].stopped && parts[i].share > plan::kNone;
  };
  return given(traffic.parts) ||
         std::ranges::any_of(traffic.audiences, [&](const plan::Audience& a) { return given(a.parts); });
}

Share part_in(const Parts& parts, std::size_t i) {
  return i < parts.size() && !parts[i].stopped ? parts[i].share : plan::kNone;
}

bool is_candidate(const Turn& turn, std::size_t i) {
  return turn.s.variants.empty() || turn.s.variants[i].hash == turn.s.candidate->hash;
}

// Pods would not answer to the Deployment's selector.
bool is_selected(const Value& deployment, const Value& pod_template) {
  const auto selector = data::LabelSelector::from_value(deployment["spec"]["selector"]);
  return selector && selector->matches(pod_template["metadata"]["labels"]);
}

const api::Kind& deployment_kind() {
  static const api::Kind* const kind =
      api::Scheme::builtin()->find(api::kDeployments.group, api::kDeployments.version, api::kDeployments.plural);
  return *kind;
}

Value in_deployment(const Value& pod_template) {
  return Value::object({{"spec", Value::object({{"template", pod_template}})}});
}

// A merge may add what the server has not filled in yet.
Value complete(const Value& pod_template) {
  return api::with_defaults(deployment_kind(), in_deployment(pod_template))["spec"]["template"];
}

std::string twin_of(const Turn& turn, const Value& pod_template) {
  const Version* stable = turn.stable();
  if (stable && control::same_template(complete(stable->rs["spec"]["template"]), complete(pod_template)))
    return "the stable version";
  for (const VariantState& other : turn.s.variants)
    if (other.template_hash == control::template_hash(pod_template)) return "variant " + other.name;
  return "";
}

// What of the variant cannot be; its state when it can.
base::Result<VariantState> begin_variant(const Turn& turn, const plan::Variant& variant) {
  const auto fail = [&](const std::string& why) {
    return base::fail(base::Code::Invalid, fmt::format("spec.strategy.abTest.variants: {}: {}", variant.name, why));
  };
  auto made = template_of_variant(turn.o.workload, variant);
  if (!made) return fail("its template cannot be merged with the Deployment's: " + made.error().message);
  std::string missing;
  const ConfigHashes config = turn.o.config.versioned ? config_of(turn.o, *made, missing) : ConfigHashes();
  if (!missing.empty()) return fail(missing);
  made = with_copies(*made, api::name_of(turn.o.release), config);
  if (!is_selected(turn.o.workload, *made))
    return fail("its template takes labels away that Deployment " + std::string(api::name_of(turn.o.workload)) +
                " selects by");
  if (const std::string twin = twin_of(turn, *made); !twin.empty())
    return fail("is the same as " + twin + "; a test needs versions that differ: change its template, or take it out");
  VariantState out;
  static_cast<Revision&>(out) = *turn.s.candidate;
  out.name = variant.name;
  out.service = variant.service;
  out.identity = variant.identity;
  if (variant.pod_template.is_null()) return out;
  out.template_hash = control::template_hash(*made);
  out.hash = control::template_hash(*made, turn.s.collisions);
  out.images = images_of(*made);
  out.config = config;
  for (const Version& v : turn.o.versions)
    if (control::same_template(v.rs["spec"]["template"], *made)) out.hash = v.hash;
  return out;
}

bool any_left(const State& s) {
  return std::ranges::any_of(s.variants, [](const VariantState& v) { return !v.stopped_at; });
}

}  // namespace

std::vector<Beside> versions_beside(const Turn& turn) {
  if (!turn.s.candidate) return {};
  const plan::Routing* routing = turn.plan.routing ? &*turn.plan.routing : nullptr;
  if (turn.s.variants.empty())
    return {{routing ? routing->chosen : 0, &*turn.s.candidate, turn.candidate(),
             routing ? routing->canary_service : "", false}};
  std::vector<Beside> out;
  for (std::size_t i = 0; i < turn.s.variants.size(); ++i) {
    const VariantState& v = turn.s.variants[i];
    out.push_back({i, &v, turn.o.find(v.hash), v.service, v.stopped_at.has_value()});
  }
  return out;
}

std::int64_t pods_needed_of(const Turn& turn, const plan::Traffic& traffic, std::size_t i) {
  const std::int64_t n = turn.o.replicas();
  if (traffic.parts.empty()) return is_candidate(turn, i) ? pods_needed(traffic, n) : 0;
  if (!gets_any(traffic, i)) return 0;
  return std::max(
      {pods_for(part_in(traffic.parts, i), n), pods_for(part_in(traffic.loads, i), n), std::min<std::int64_t>(1, n)});
}

std::optional<std::int64_t> pods_wanted_of(const Turn& turn, const plan::Scale& scale, std::size_t i) {
  const std::int64_t n = turn.o.replicas();
  if (scale.parts.empty()) return is_candidate(turn, i) ? std::optional(candidate_pods(scale, n)) : std::nullopt;
  if (i >= scale.parts.size() || scale.parts[i].stopped) return std::nullopt;
  return std::min(std::max(pods_for(scale.parts[i].share, n), scale.least_of_parts[i]), n);
}

plan::Traffic traffic_of_share(const Turn& turn, Share share) {
  if (share == plan::kNone || turn.s.variants.empty()) return {share};
  const auto last = plan::traffic_before(turn.plan, static_cast<std::size_t>(turn.s.position.index));
  if (!last || last->parts.empty() || last->share == plan::kNone) return {share};
  plan::Traffic out = plan::scaled(*last, share);
  out.audiences.clear();
  return out;
}

base::Result<Value> template_of_variant(const Value& deployment, const plan::Variant& variant) {
  const Value& base_template = deployment["spec"]["template"];
  if (variant.pod_template.is_null()) return base_template;
  const auto merged = data::apply_strategic_patch(in_deployment(base_template), in_deployment(variant.pod_template),
                                                  deployment_kind().schema.get());
  if (!merged) return std::unexpected(merged.error());
  return (*merged)["spec"]["template"];
}

std::string begin_variants(Turn& turn) {
  turn.s.variants.clear();
  for (const plan::Variant& variant : turn.plan.routing->variants) {
    auto begun = begin_variant(turn, variant);
    if (!begun) return begun.error().message;
    turn.s.variants.push_back(*std::move(begun));
  }
  return "";
}

bool is_decided(const Turn& turn) {
  const auto& steps = turn.plan.steps;
  for (auto i = static_cast<std::size_t>(turn.s.position.index); i < steps.size(); ++i)
    if (std::holds_alternative<plan::Approve>(steps[i].action)) return false;
  return true;
}

bool candidate_is_stopped(const Turn& turn) {
  return std::ranges::any_of(turn.s.variants, [&](const VariantState& v) {
    return v.stopped_at && turn.s.candidate && v.hash == turn.s.candidate->hash;
  });
}

namespace {

// Behind the step at which a person decides; before its users are shared out, the waits are skipped when they come.
void go_on_decided(Turn& turn) {
  Position& p = turn.s.position;
  const auto& steps = turn.plan.steps;
  const auto shares = [](const plan::Step& step) {
    const auto* traffic = std::get_if<plan::Traffic>(&step.action);
    return traffic && (!traffic->parts.empty());
  };
  const auto is_decision = [](const plan::Step& step) { return std::holds_alternative<plan::Approve>(step.action); };
  const auto shared = std::ranges::find_if(steps, shares), decision = std::ranges::find_if(steps, is_decision);
  if (decision == steps.end()) return;
  if (p.index <= shared - steps.begin())
    p.full = true;
  else
    p.index = std::max<std::int64_t>(p.index, decision - steps.begin() + 1);
}

// Another variant was chosen before, and all or a part of its users may have it: they get what the test gave them, and
// the winner of now goes on from there. There is no room for two winners at full size beside the stable version.
void choose_again(Turn& turn) {
  Position& p = turn.s.position;
  const auto& steps = turn.plan.steps;
  const auto shares = [](const plan::Step& step) {
    const auto* scale = std::get_if<plan::Scale>(&step.action);
    return scale && !scale->parts.empty();
  };
  const auto begin = std::ranges::find_if(steps, shares);
  if (begin == steps.end()) return;
  p.index = begin - steps.begin();
  p.full = true;
  TrafficState& t = turn.s.traffic;
  t.wanted = 0;
  t.verified = t.reached = -1;  // what was seen of the first winner says nothing about this one
  t.given = {};
  t.disturbed_at.reset();
}

}  // namespace

namespace {

// The variant that the Deployment asks for, which is not the candidate; end: there is none.
auto chosen_variant(const Turn& turn) {
  const State& s = turn.s;
  return std::ranges::find_if(s.variants, [&](const VariantState& v) {
    return !v.stopped_at && s.candidate && v.hash != s.candidate->hash && asks_for(turn.o, v);
  });
}

}  // namespace

bool decision_waits(const Turn& turn) { return !turn.invalid.empty() && chosen_variant(turn) != turn.s.variants.end(); }

bool note_decision(Turn& turn) {
  State& s = turn.s;
  if (s.position.handed_over || !s.candidate || asks_for(turn.o, *s.candidate) || !turn.invalid.empty()) return false;
  const auto wanted = chosen_variant(turn);
  if (wanted == s.variants.end() || !turn.o.find(wanted->hash)) return false;
  const bool again = is_decided(turn);
  s.candidate = static_cast<const Revision&>(*wanted);
  again ? choose_again(turn) : go_on_decided(turn);
  s.position.since = turn.now;
  s.position.back_to = -1;
  s.halt.reset();
  terminate_runs(turn);
  turn.log("test.decided", fmt::format("the Deployment asks for variant {}: everybody gets it", wanted->name));
  turn.note(control::Note::Kind::Normal, "TestDecided", fmt::format("everybody gets variant {}", wanted->name));
  turn.wait(fmt::format("variant {} is chosen", wanted->name));
  return true;
}

void stop_variant(Turn& turn, std::size_t i, Cause cause, std::string message, Evidence evidence) {
  VariantState& v = turn.s.variants[i];
  message = fmt::format("variant {}: {}", v.name, message);
  if (turn.plan.rollback.on_failure != plan::OnFailure::Rollback)
    return turn_back(turn, cause, std::move(message), std::move(evidence));
  v.stopped_at = turn.now;
  v.cause = to_text(cause);
  v.message = message;
  if (!any_left(turn.s)) return turn_back(turn, cause, std::move(message), std::move(evidence));
  turn.log("variant.stop", message + "; its users get the stable version");
  turn.note(control::Note::Kind::Warning, "VariantStopped", message + "; its users get the stable version");
  turn.wait(message);
}

namespace {

// What the last finished step gives, without stopped variants, is what the router does: shares, audiences and all.
bool is_in_force(const Turn& turn) {
  const TrafficState& t = turn.s.traffic;
  if (t.reached < 0) return true;
  const auto reached = plan::traffic_before(turn.plan, static_cast<std::size_t>(turn.s.position.index));
  const RouteView view = turn.view();
  return reached && t.verified == reached->share.points && t.generation == view.generation &&
         is_written(turn, view, *reached);
}

}  // namespace

void retire_stopped(Turn& turn) {
  if (turn.s.position.handed_over) return;
  for (const Beside& v : versions_beside(turn))
    if (v.stopped && v.version && v.version->spec > 0 && is_in_force(turn)) scale_to(turn, *v.version, 0);
}

Reach remove_variants(Turn& turn) {
  Reach out = Reach::Done;
  for (const Beside& v : versions_beside(turn)) {
    if (is_candidate(turn, v.index) || !v.version) continue;
    out = Reach::Waiting;
    if (v.version->spec > 0)
      scale_to(turn, *v.version, 0);
    else if (v.version->remaining == 0)
      delete_set(turn, *v.version);
    turn.wait(fmt::format("{} pods of variant {} are stopping", v.version->remaining, turn.s.variants[v.index].name));
  }
  return out;
}

void delete_variant_services(Turn& turn) {
  for (const Value& service : turn.o.variant_services)
    if (service.is_object() && !api::is_deleting(service) &&
        api::label(service, kReleaseLabel) == api::name_of(turn.o.release))
      turn.act(control::delete_of(api::kServices, service));
}

namespace {

// Their Services may have had requests before, of an earlier release or test. A router that begins to count anew takes
// nothing back.
void count_variant(VariantState& v, const ReadBack::Side& side) {
  if (!side.present) return;
  // Of one that was counted by a version of this program which did not ask, all of it.
  if (v.requests_before < 0) v.requests_before = v.requests < 0 ? side.requests : 0;
  v.requests = std::max(v.requests, side.requests - v.requests_before);
}

void count_stable(TrafficState& t, const ReadBack::Side& stable) {
  if (!stable.present) return;
  if (t.stable_requests_before < 0) t.stable_requests_before = stable.requests;
  t.stable_requests = std::max(t.stable_requests, stable.requests - t.stable_requests_before);
}

}  // namespace

void count_variants(Turn& turn) {
  State& s = turn.s;
  if (s.variants.empty() || !s.candidate) return;
  const auto traffic = plan::traffic_before(turn.plan, static_cast<std::size_t>(s.position.index));
  for (const Beside& v : versions_beside(turn)) {
    VariantState& out = s.variants[v.index];
    out.replicas = v.version ? v.version->spec : 0;
    out.ready = v.version ? v.version->available : 0;
    const bool whole = traffic && traffic->parts.empty() && is_candidate(turn, v.index);
    if (!turn.invalid.empty() && !s.retreat) continue;  // the spec does not say who has what; the route stays as it is
    out.share = s.retreat || !traffic ? 0 : whole ? traffic->share.points : part_in(traffic->parts, v.index).points;
  }
  const ReadBack* rb = current_read_back(turn);
  if (!rb || !rb->by_status_of.empty()) return;
  for (std::size_t i = 0; i < s.variants.size() && i < rb->versions.size(); ++i)
    count_variant(s.variants[i], rb->versions[i]);
  count_stable(s.traffic, rb->stable);
}

void watch_requests(Turn& turn) {
  if (!turn.s.variants.empty() && turn.s.traffic.verified > 0) ask_router(turn, kCountInterval);
}

}  // namespace slipway::delivery
