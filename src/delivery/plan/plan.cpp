#include "delivery/plan/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/hash.h"
#include "base/strings.h"
#include "data/json.h"

namespace slipway::delivery::plan {
namespace {

std::string guards_text(const Guards& guards) {
  std::string out;
  if (guards.max_restarts)
    out += fmt::format("guard     at most {} restarts of candidate containers\n", *guards.max_restarts);
  if (guards.max_probe_failures)
    out += fmt::format("guard     candidate pods lose readiness at most {} times\n", *guards.max_probe_failures);
  if (guards.analysis)
    out += fmt::format("guard     analysis {} in the background from step {}\n",
                       base::join(guards.analysis->templates, ", "), guards.analysis_from + 1);
  for (const auto& [kind, patience] : guards.troubles)
    out += patience ? fmt::format("guard     {} for no longer than {}\n", entry_of(kind).name,
                                  base::format_duration(*patience))
                    : fmt::format("guard     {} is borne until the deadline\n", entry_of(kind).name);
  return out + fmt::format("guard     each step ready within {}\n", base::format_duration(guards.deadline));
}

std::string routing_text(const Routing& r) {
  if (r.kind == RouterKind::Service)
    return fmt::format("traffic   service {} selects one version; {} and {} reach each\n", r.service, r.stable_service,
                       r.canary_service);
  const std::string route =
      r.kind == RouterKind::HttpRoute ? "route " + r.route : fmt::format("{} {}", to_text(r.kind), r.route);
  if (!r.own_services())
    return fmt::format("traffic   {} splits {} by the subsets {} and {} of DestinationRule {}\n", route, r.service,
                       r.stable_subset, r.canary_subset, r.destination_rule);
  std::string versions = r.stable_service;
  for (std::size_t i = 0; i < r.versions(); ++i) versions += (i + 1 == r.versions() ? " and " : ", ") + r.service_of(i);
  return fmt::format("traffic   {} splits {} into {}\n", route, r.service, versions);
}

std::string variants_text(const Routing& r) {
  std::string out;
  for (const Variant& v : r.variants)
    out +=
        fmt::format("variant   {}: {}{}\n", v.name,
                    v.pod_template.is_null() ? "the Deployment's template" : data::to_json(v.pod_template),
                    v.analysis ? ", analysis " + base::join(v.analysis->templates, ", ") + " in the background" : "");
  return out;
}

std::string head_text(const ReleasePlan& plan) {
  std::string out =
      fmt::format("target    {}/{}, {}\n", base::to_lower(to_text(plan.workload)), plan.target, to_text(plan.strategy));
  if (plan.capacity == Capacity::InPlace)
    out += "traffic   follows the pods, which are replaced in place\n";
  else if (plan.routing)
    out += routing_text(*plan.routing) + variants_text(*plan.routing);
  else
    out += "traffic   by replica ratio\n";
  return out;
}

// One set of pods has neither a second one to hand over to, nor another owner.
std::string step_text(const ReleasePlan& plan, const Action& action) {
  if (plan.capacity != Capacity::InPlace) return to_text(action);
  if (std::holds_alternative<Promote>(action)) return "promote: the new version is what the workload keeps";
  if (std::holds_alternative<Verify>(action)) return "verify replicas";
  return to_text(action);
}

std::string steps_text(const ReleasePlan& plan) {
  std::string out;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const int user = plan.steps[i].user_step;
    const std::string number = user < 0 ? "" : fmt::format("step {}", user + 1);
    out += fmt::format("{:<10}{}\n", number, step_text(plan, plan.steps[i].action));
  }
  return out;
}

std::string pods_text(std::int64_t pods) { return fmt::format("{} pod{}", pods, pods == 1 ? "" : "s"); }

// "10 % and 20 %"
std::string parts_text(const Parts& parts) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i)
    out += (i == 0                  ? ""
            : i + 1 == parts.size() ? " and "
                                    : ", ") +
           (parts[i].stopped ? std::string("stopped") : to_text(parts[i].share));
  return out;
}

std::string scale_text(const Scale& s) {
  if (!s.parts.empty()) return "scale the variants for " + parts_text(s.parts);
  if (s.pods) return "scale the candidate to " + pods_text(*s.pods);
  if (s.share == kNone && s.least > 0) return "scale the candidate to " + pods_text(s.least);
  return "scale the candidate for " + to_text(s.share) + (s.least > 0 ? ", at least " + pods_text(s.least) : "");
}

// What the router is asked for beside the share, to the last condition.
std::string rules_text(const Traffic& s) {
  std::string out;
  for (const Audience& audience : s.audiences) {
    out += "; " + to_text(audience);
    if (!audience.parts.empty()) out += ", to the variants " + parts_text(audience.parts);
  }
  if (s.mirror > kNone) out += "; copies of " + to_text(s.mirror);
  return out;
}

std::string preview_text(const Preview& s) {
  return fmt::format("preview in namespace {}: {}", s.space,
                     s.pods ? pods_text(*s.pods) : "as many pods as the Deployment asks for");
}

std::string traffic_text(const Traffic& s) {
  if (s == Traffic{kNone}) return "split the route, all traffic to stable";
  if (!s.parts.empty())
    return parts_text(s.parts) + " of the traffic to the variants" + rules_text(s) + ", verified at the router";
  if (!s.grants.empty()) return "the candidate for " + to_text(s.grants) + ", verified at the router";
  return to_text(s.share) + " of the traffic to the candidate" + rules_text(s) + ", verified at the router";
}

std::string hook_text(const Hook& hook) {
  const std::string kind =
      hook.provider.members().empty() ? "" : std::string(hook.provider.members().front().key.view());
  return fmt::format("hook {}: {}{}{}", hook.name,
                     kind == "web"   ? "a request"
                     : kind == "job" ? "a pod"
                                     : "a program",
                     kind == "job" ? ", at most " + base::format_duration(hook.timeout) : "",
                     hook.ignore ? ", its failure is ignored" : "");
}

std::string rollback_hooks_text(const ReleasePlan& plan) {
  std::string out;
  for (const Hook& hook : plan.rollback_hooks)
    out += fmt::format("rollback  {} {}\n", hook.when == Hook::When::OnRollback ? "begins with" : "ends with",
                       hook_text(hook));
  return out;
}

std::string_view on_failure_text(OnFailure what) {
  switch (what) {
    case OnFailure::Rollback:
      return "automatic";
    case OnFailure::Pause:
      return "when a person says so: a failure halts the release";
    case OnFailure::Freeze:
      return "when a person says so: nothing goes back by itself";
  }
  base::bug("unknown policy", __FILE__, __LINE__);
}

}  // namespace

std::optional<base::Duration> patience_with(const Guards& guards, const Trouble& trouble) {
  if (const auto found = guards.troubles.find(trouble.kind); found != guards.troubles.end()) return found->second;
  // Restarts have a guard of their own.
  const bool restarts = trouble.kind == TroubleKind::CrashLoop || trouble.kind == TroubleKind::OutOfMemory;
  return trouble.cure == Cure::Version && !restarts ? std::optional(kHopeless) : std::nullopt;
}

std::string_view to_text(Strategy strategy) {
  switch (strategy) {
    case Strategy::Rolling:
      return "rolling update";
    case Strategy::Canary:
      return "canary";
    case Strategy::BlueGreen:
      return "blue-green";
    case Strategy::Gray:
      return "gray release";
    case Strategy::AbTest:
      return "A/B test";
  }
  base::bug("unknown strategy", __FILE__, __LINE__);
}

std::string to_text(Share share) {
  return share.points % 100 == 0 ? fmt::format("{} %", share.points / 100) : fmt::format("{:g} %", share.percent());
}

std::string to_text(const Action& action) {
  return std::visit(
      visit_step{
          [](const Scale& s) { return scale_text(s); },
          [](const Preview& s) { return preview_text(s); },
          [](const EndPreview& s) { return fmt::format("take the preview in namespace {} away", s.space); },
          [](const Traffic& s) { return traffic_text(s); },
          [](const Wait& s) { return "wait " + base::format_duration(s.duration); },
          [](const Approve&) { return std::string("wait for a person to promote"); },
          [](const Analyse& s) { return "analyse " + base::join(s.analysis.templates, ", "); },
          [](const Keep& s) { return "keep the old version's pods for " + base::format_duration(s.duration); },
          [](const Promote&) {
            return std::string("promote: hand over to the Deployment, scale the old version down");
          },
          [](const Verify&) { return std::string("verify replicas, owner and route"); },
          [](const Hook& s) { return hook_text(s); },
      },
      action);
}

bool names(const Routing& routing, std::string_view service) {
  if (service == routing.service || service == routing.stable_service) return true;
  for (std::size_t i = 0; i < routing.versions(); ++i)
    if (service == routing.service_of(i)) return true;
  return false;
}

ReleasePlan without_variants(ReleasePlan plan, const std::vector<std::size_t>& stopped) {
  const auto stop = [&](Parts& parts) {
    for (const std::size_t i : stopped)
      if (i < parts.size()) parts[i].stopped = true;
    return sum_of(parts);
  };
  for (Step& step : plan.steps) {
    if (auto* scale = std::get_if<Scale>(&step.action); scale && !scale->parts.empty())
      scale->share = stop(scale->parts);
    auto* traffic = std::get_if<Traffic>(&step.action);
    if (!traffic) continue;
    if (!traffic->parts.empty()) traffic->share = stop(traffic->parts);
    stop(traffic->loads);
    for (Audience& audience : traffic->audiences)
      if (!audience.parts.empty()) audience.share = stop(audience.parts);
  }
  return plan;
}

Traffic scaled(Traffic traffic, Share share) {
  const std::int64_t before = traffic.share.points, others = kWhole.points - before;
  std::int64_t rest = share.points;
  for (Part& part : traffic.parts) {
    std::int64_t& points = part.share.points;
    if (part.stopped) {
      points = others > 0 ? points * (kWhole.points - share.points) / others : 0;
    } else {
      points = before > 0 ? points * share.points / before : 0;
      rest -= points;
    }
  }
  for (Part& part : traffic.parts)  // what rounding has left
    if (!part.stopped && rest > 0) {
      part.share.points += rest;
      rest = 0;
    }
  traffic.share = share;
  return traffic;
}

namespace {

// The shares on the way, where the stable version has to give pods back before the next ones come.
std::vector<Share> shares_without_steps(const ReleasePlan& plan) {
  std::vector<Share> out;
  for (const Step& step : plan.steps) {
    const auto* traffic = std::get_if<Traffic>(&step.action);
    if (plan.dynamic_stable && traffic && traffic->share > (out.empty() ? kNone : out.back()))
      out.push_back(traffic->share);
  }
  if (out.empty() || out.back() < kWhole) out.push_back(kWhole);
  return out;
}

}  // namespace

ReleasePlan without_steps(const ReleasePlan& plan) {
  ReleasePlan out = plan;
  const std::string field = "spec.rollback.window";
  out.steps.clear();
  out.user_steps = 0;
  out.guards.analysis.reset();
  if (plan.routing) out.steps.push_back({Traffic{kNone}, -1, field});
  for (const Share share : shares_without_steps(plan)) {
    out.steps.push_back({Scale{share}, -1, field});
    if (plan.routing) out.steps.push_back({Traffic{share}, -1, field});
  }
  for (const Step& step : plan.steps)
    if (std::holds_alternative<Keep>(step.action)) out.steps.push_back({step.action, -1, field});
  out.steps.push_back({Promote{}, -1, field});
  out.steps.push_back({Verify{}, -1, field});
  return out;
}

std::string to_text(const ReleasePlan& plan) {
  return head_text(plan) + steps_text(plan) +
         (plan.dynamic_stable
              ? "stable    gives its pods back as the candidate gets their traffic, one stays until the "
                "promotion; on the way back they come first\n"
              : "") +
         guards_text(plan.guards) +
         fmt::format("rollback  {}, verified within {}\n", on_failure_text(plan.rollback.on_failure),
                     base::format_duration(plan.rollback.verify_timeout)) +
         rollback_hooks_text(plan) +
         (plan.rollback.fast_revisions > 0
              ? fmt::format("undo      to one of the last {} released versions: without steps\n",
                            plan.rollback.fast_revisions)
              : "");
}

std::string fingerprint(const ReleasePlan& plan) {
  std::string text = head_text(plan) + steps_text(plan);
  for (const Step& step : plan.steps)
    if (const auto* traffic = std::get_if<Traffic>(&step.action); traffic && !traffic->grants.empty())
      text += to_text(traffic->share) + rules_text(*traffic) + "\n";
  for (const Step& step : plan.steps)
    if (const auto* hook = std::get_if<Hook>(&step.action)) text += data::to_json(hook->provider) + "\n";
  for (const Step& step : plan.steps)
    if (const auto* analyse = std::get_if<Analyse>(&step.action))
      for (const Arg& arg : analyse->analysis.args) text += arg.name + "=" + arg.value + "\n";
  return base::safe_encode(base::fnv1a32(text));
}

bool Traffic::reaches_candidate() const {
  return share > kNone || std::ranges::any_of(audiences, [](const Audience& a) { return a.share > kNone; });
}

std::string rules_of(const Traffic& traffic) {
  if (traffic.audiences.empty() && traffic.mirror == kNone && traffic.parts.empty()) return "";
  return beside_text(traffic) + " #" +
         base::safe_encode(base::fnv1a32(rules_text(traffic) + parts_text(traffic.parts)));
}

std::string beside_text(const Traffic& traffic) {
  std::vector<std::string> parts;
  if (!traffic.parts.empty()) parts.push_back(parts_text(traffic.parts) + " for the variants");
  if (!traffic.grants.empty())
    parts.push_back(to_text(traffic.grants));
  else
    for (const Audience& a : traffic.audiences)
      parts.push_back(fmt::format("{} of {}", a.share == kWhole ? "all" : to_text(a.share), a.name));
  if (traffic.mirror > kNone) parts.push_back("copies of " + to_text(traffic.mirror));
  return base::join(parts, ", ");
}

std::optional<Traffic> traffic_before(const ReleasePlan& plan, std::size_t index) {
  std::optional<Traffic> last;
  for (std::size_t i = 0; i < index && i < plan.steps.size(); ++i)
    if (const auto* traffic = std::get_if<Traffic>(&plan.steps[i].action)) last = *traffic;
  return last;
}

Share share_before(const ReleasePlan& plan, std::size_t index) {
  Share share = kNone;
  for (std::size_t i = 0; i < index && i < plan.steps.size(); ++i) {
    if (const auto* traffic = std::get_if<Traffic>(&plan.steps[i].action)) share = traffic->share;
    if (const auto* scale = std::get_if<Scale>(&plan.steps[i].action))
      if (plan.capacity != Capacity::Extra) share = scale->share;
  }
  return share;
}

namespace {

template <class What>
std::optional<std::size_t> index_of_first(const ReleasePlan& plan) {
  for (std::size_t i = 0; i < plan.steps.size(); ++i)
    if (std::holds_alternative<What>(plan.steps[i].action)) return i;
  return std::nullopt;
}

}  // namespace

std::optional<std::size_t> preview_begin(const ReleasePlan& plan) { return index_of_first<Preview>(plan); }
std::optional<std::size_t> preview_end(const ReleasePlan& plan) { return index_of_first<EndPreview>(plan); }

std::optional<Scale> scale_before(const ReleasePlan& plan, std::size_t index) {
  std::optional<Scale> last;
  for (std::size_t i = 0; i < index && i < plan.steps.size(); ++i)
    if (const auto* scale = std::get_if<Scale>(&plan.steps[i].action)) last = *scale;
  return last;
}

}  // namespace slipway::delivery::plan
