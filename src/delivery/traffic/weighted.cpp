#include "delivery/traffic/weighted.h"

#include <fmt/format.h>

#include <algorithm>

namespace slipway::delivery {
namespace {

using data::Value;
using plan::Share;

const Value* find(const Value& rule, const WeightedForm& form, Destination side) {
  for (const Value& ref : rule[form.list].items())
    if (form.is(ref, side)) return &ref;
  return nullptr;
}

std::int64_t weight_of(const Value& rule, const Value& ref, const WeightedForm& form) {
  if (form.lone_gets_all && rule[form.list].size() == 1) return 1;
  return ref["weight"].as_int(form.default_weight);
}

// A stopped variant's share makes the stable version stand in a list more than once.
std::int64_t weight_for(const Value& rule, const WeightedForm& form, Destination side) {
  std::int64_t sum = 0;
  for (const Value& ref : rule[form.list].items())
    if (form.is(ref, side)) sum += weight_of(rule, ref, form);
  return sum;
}

bool has_version(const Value& rule, const WeightedForm& form) {
  for (std::size_t i = 0; i < form.versions; ++i)
    if (find(rule, form, Destination::version(i))) return true;
  return false;
}

std::int64_t weight_of_versions(const Value& rule, const WeightedForm& form) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < form.versions; ++i) sum += weight_for(rule, form, Destination::version(i));
  return sum;
}

struct RuleView {
  RouteView::Shape shape = RouteView::Shape::Foreign;
  Share candidate = {};
};

// Of each version the most that any rule gives.
void note_versions(const Value& rule, const WeightedForm& form, std::vector<Share>& most) {
  if (form.versions == 1) return;
  most.resize(form.versions);
  const std::int64_t sum = weight_for(rule, form, Destination::Stable) + weight_of_versions(rule, form);
  for (std::size_t i = 0; i < form.versions && sum > 0; ++i)
    most[i] = std::max(most[i], Share{weight_for(rule, form, Destination::version(i)) * plan::kWhole.points / sum});
}

RuleView look_at_rule(const Value& rule, const WeightedForm& form) {
  const bool stable = find(rule, form, Destination::Stable), candidate = has_version(rule, form);
  // Of a test with every variant stopped the stable version is all that is left.
  if (stable != candidate && (form.leaves_out_zero || (stable && form.versions > 1)))
    return {RouteView::Shape::Split, candidate ? plan::kWhole : plan::kNone};
  if (stable && candidate) {
    const std::int64_t s = weight_for(rule, form, Destination::Stable), c = weight_of_versions(rule, form);
    return {RouteView::Shape::Split, {s + c > 0 ? c * plan::kWhole.points / (s + c) : 0}};
  }
  return {find(rule, form, Destination::Plain) ? RouteView::Shape::Plain : RouteView::Shape::Foreign, {}};
}

// The rule is split, and this version gets nothing of it.
bool is_left_out(const Value& rule, const WeightedForm& form, Destination side) {
  return form.leaves_out_zero && side != Destination::Plain && !find(rule, form, side) &&
         (find(rule, form, Destination::Stable) || has_version(rule, form));
}

Value weighted(const WeightedForm& form, const Value& like, Destination side, std::optional<std::int64_t> weight) {
  Value ref = form.point(like, side);
  if (weight)
    ref.set("weight", *weight);
  else
    ref.erase("weight");
  return ref;
}

bool is_audience(const Value& rule, const WeightedForm& form) { return form.is_audience && form.is_audience(rule); }

struct Weighted {
  Destination to;
  std::int64_t points;
};

// Who gets what of a rule. Without parts all of the share is the candidate's.
std::vector<Weighted> weights_of(const WeightedForm& form, Share share, const plan::Parts& parts) {
  std::vector<Weighted> out = {{Destination::Stable, plan::kWhole.points - share.points}};
  for (std::size_t i = 0; i < form.versions; ++i) {
    const auto at = Destination::version(i);
    if (parts.empty()) {
      out.push_back({at, i == form.chosen ? share.points : 0});
      continue;
    }
    out.push_back({parts[i].stopped ? Destination::Stable : at, parts[i].share.points});
    if (parts[i].stopped) out.front().points -= parts[i].share.points;
  }
  return out;
}

// The rule with its references to us replaced by all versions.
Value split_rule(const Value& rule, const Value& ref, const WeightedForm& form, Share share,
                 const plan::Parts& parts = {}) {
  const auto weights = weights_of(form, share, parts);
  const bool in_percent = std::ranges::all_of(weights, [](const Weighted& w) { return w.points % 100 == 0; });
  Value refs = Value::array();
  for (const Weighted& w : weights)
    if (w.points > 0 || !form.leaves_out_zero)
      refs.push_back(weighted(form, ref, w.to, in_percent ? w.points / 100 : w.points));
  return rule.with(form.list, refs);
}

Value mirrored_rule(const Value& rule, const Value& ref, const WeightedForm& form, Share share) {
  return form.mirrored ? form.mirrored(rule, form.point(ref, Destination::version(form.chosen)), share) : rule;
}

// In the order in which they count, where nothing but the order says so.
std::vector<plan::Audience> one_match_each(const std::vector<plan::Audience>& audiences) {
  if (audiences.size() == 1) return audiences;
  std::vector<plan::Audience> out;
  for (const plan::Audience& audience : audiences)
    for (const plan::Conditions& conditions : audience.any)
      out.push_back({.name = audience.name, .share = audience.share, .any = {conditions}, .parts = audience.parts});
  std::ranges::stable_sort(out, std::greater<>(),
                           [](const plan::Audience& a) { return plan::precedence(a.any.front()); });
  return out;
}

// The rules of the audiences, made from one of the user's.
std::vector<Value> audience_rules(const Value& rule, const Value& ref, const WeightedForm& form,
                                  const plan::Traffic& wanted) {
  std::vector<Value> out;
  const auto audiences = form.first_match_wins ? one_match_each(wanted.audiences) : wanted.audiences;
  for (const plan::Audience& audience : audiences)
    out.push_back(split_rule(form.restricted(mirrored_rule(rule, ref, form, wanted.mirror), audience), ref, form,
                             audience.share, audience.parts));
  return out;
}

// What all requests get back: audiences stay as they are matched, and give nothing to the candidate.
bool parks(const plan::Traffic& wanted) { return wanted == plan::Traffic{plan::kNone}; }

}  // namespace

const std::string& service_at(const plan::Routing& routing, Destination d) {
  return d == Destination::Plain    ? routing.service
         : d == Destination::Stable ? routing.stable_service
                                    : routing.service_of(d.index());
}

Value matches_or_any(const Value& matches) { return matches.size() > 0 ? matches : Value::array({Value::object()}); }

Value narrowed_matches(const Value& matches, const plan::Audience& audience,
                       const std::function<Value(Value match, const plan::Conditions&)>& narrowed) {
  Value out = Value::array();
  for (const Value& match : matches_or_any(matches).items())
    for (const plan::Conditions& conditions : audience.any) out.push_back(narrowed(match, conditions));
  return out;
}

const Value* ours(const Value& rule, const WeightedForm& form) {
  for (const Destination side : {Destination::Plain, Destination::Stable})
    if (const Value* ref = find(rule, form, side)) return ref;
  for (std::size_t i = 0; i < form.versions; ++i)
    if (const Value* ref = find(rule, form, Destination::version(i))) return ref;
  return nullptr;
}

RouteView look_at_rules(const Value& rules, const WeightedForm& form) {
  RouteView view{.shape = RouteView::Shape::Foreign};
  for (const Value& rule : rules.items()) {
    const RuleView one = look_at_rule(rule, form);
    if (one.shape == RouteView::Shape::Foreign) continue;
    if (is_audience(rule, form)) {
      view.audience = std::max(view.audience, one.candidate);
      note_versions(rule, form, view.audience_versions);
      continue;
    }
    if (one.shape == RouteView::Shape::Split) note_versions(rule, form, view.versions);
    const bool first = view.shape == RouteView::Shape::Foreign;
    view.uniform = view.uniform && (first || (one.shape == view.shape && one.candidate == view.candidate));
    if (first || one.shape == RouteView::Shape::Split) view.shape = one.shape;
    if (first || one.candidate > view.candidate) view.candidate = one.candidate;
  }
  return view;
}

Value split_rules(const Value& rules, const WeightedForm& form, const plan::Traffic& wanted) {
  Value out = Value::array(), last = Value::array();
  for (const Value& rule : rules.items()) {
    const Value* ref = ours(rule, form);
    if (!ref) {
      out.push_back(rule);
    } else if (is_audience(rule, form)) {
      if (parks(wanted))
        out.push_back(split_rule(mirrored_rule(rule, *ref, form, plan::kNone), *ref, form, plan::kNone));
    } else {
      for (Value& one : audience_rules(rule, *ref, form, wanted))
        (form.first_match_wins ? out : last).push_back(std::move(one));
      out.push_back(split_rule(mirrored_rule(rule, *ref, form, wanted.mirror), *ref, form, wanted.share, wanted.parts));
    }
  }
  for (const Value& rule : last.items()) out.push_back(rule);
  return out;
}

bool says_rules_of(const Value& rules, const WeightedForm& form, const plan::Traffic& wanted) {
  const auto without_shares = [&form](const Value& all) {
    Value out = Value::array();
    for (const Value& rule : all.items()) {
      const bool everybodys = !is_audience(rule, form) && ours(rule, form);
      out.push_back(everybodys && form.versions == 1 ? rule.without(form.list) : rule);
    }
    return out;
  };
  return without_shares(rules) == without_shares(split_rules(rules, form, wanted));
}

Value plain_rules(const Value& rules, const WeightedForm& form) {
  Value out = Value::array();
  for (const Value& rule : rules.items()) {
    const Value* ref = ours(rule, form);
    if (ref && is_audience(rule, form)) continue;
    if (!ref) {
      out.push_back(rule);
      continue;
    }
    const Value refs = Value::array({weighted(form, *ref, Destination::Plain, std::nullopt)});
    out.push_back(mirrored_rule(rule, *ref, form, plan::kNone).with(form.list, refs));
  }
  return out;
}

std::optional<std::size_t> shared_rule(const Value& rules, const WeightedForm& form) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const Value& rule = rules.at(i);
    if (is_audience(rule, form)) continue;
    const auto shape = look_at_rule(rule, form).shape;
    const auto own = std::ranges::count_if(rule[form.list].items(), [&](const Value& ref) {
      if (form.is(ref, Destination::Stable)) return true;
      for (std::size_t k = 0; k < form.versions; ++k)
        if (form.is(ref, Destination::version(k))) return true;
      return false;
    });
    const auto all = static_cast<std::int64_t>(rule[form.list].size());
    if (shape == RouteView::Shape::Plain ? all != 1 : shape == RouteView::Shape::Split && all != own) return i;
  }
  return std::nullopt;
}

ReadBack::Side side_of_rules(const Value& rules, const WeightedForm& form, Destination which, std::int64_t ready) {
  ReadBack::Side side{.servers = ready};
  for (const Value& rule : rules.items()) {
    const bool named = find(rule, form, which);
    if ((!named && !is_left_out(rule, form, which)) || is_audience(rule, form)) continue;
    std::int64_t sum = 0;
    for (const Value& other : rule[form.list].items()) sum += weight_of(rule, other, form);
    const std::int64_t share = named && sum > 0 ? weight_for(rule, form, which) * plan::kWhole.points / sum : 0;
    side.uniform = side.uniform && (!side.present || side.share == share);
    side.share = std::max(side.share, share);
    side.present = true;
  }
  return side;
}

void read_sides(const Value& rules, const WeightedForm& form, const std::function<std::int64_t(Destination)>& ready,
                ReadBack& out) {
  const auto side = [&](Destination which) { return side_of_rules(rules, form, which, ready(which)); };
  out.plain = side(Destination::Plain);
  out.stable = side(Destination::Stable);
  std::vector<ReadBack::Side> versions;
  for (std::size_t i = 0; i < form.versions; ++i) versions.push_back(side(Destination::version(i)));
  out.set_versions(std::move(versions));
}

std::string weights_problem(const Value& rules, const WeightedForm& form) {
  for (const Value& rule : rules.items()) {
    std::int64_t sum = 0;
    for (const Value& ref : rule[form.list].items()) {
      const std::int64_t weight = weight_of(rule, ref, form);
      if (weight < 0) return fmt::format("a backend would have the weight {}", weight);
      sum += weight;
    }
    if (rule[form.list].size() > 0 && sum == 0) return "a rule would give its traffic to nobody";
  }
  return "";
}

}  // namespace slipway::delivery
