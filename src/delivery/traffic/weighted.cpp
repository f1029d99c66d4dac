#include "delivery/traffic/weighted.h"

#include <fmt/format.h>

#include <algorithm>

namespace slipway::delivery {
namespace {

using data::Value;
using plan::Share;

const Value* find(const Value& rule, const WeightedForm& form, Side side) {
  for (const Value& ref : rule[form.list].items())
    if (form.is(ref, side)) return &ref;
  return nullptr;
}

std::int64_t weight_of(const Value& rule, const Value& ref, const WeightedForm& form) {
  if (form.lone_gets_all && rule[form.list].size() == 1) return 1;
  return ref["weight"].as_int(form.default_weight);
}

struct RuleView {
  RouteView::Shape shape = RouteView::Shape::Foreign;
  Share candidate = {};
};

RuleView look_at_rule(const Value& rule, const WeightedForm& form) {
  const Value* stable = find(rule, form, Side::Stable);
  const Value* candidate = find(rule, form, Side::Candidate);
  if (form.leaves_out_zero && (stable || candidate) && !(stable && candidate))
    return {RouteView::Shape::Split, candidate ? plan::kWhole : plan::kNone};
  if (stable && candidate) {
    const std::int64_t s = weight_of(rule, *stable, form), c = weight_of(rule, *candidate, form);
    return {RouteView::Shape::Split, {s + c > 0 ? c * plan::kWhole.points / (s + c) : 0}};
  }
  return {find(rule, form, Side::Plain) ? RouteView::Shape::Plain : RouteView::Shape::Foreign, {}};
}

// The rule is split, and this version gets nothing of it.
bool is_left_out(const Value& rule, const WeightedForm& form, Side side) {
  const Side other = side == Side::Stable ? Side::Candidate : Side::Stable;
  return form.leaves_out_zero && side != Side::Plain && !find(rule, form, side) && find(rule, form, other);
}

Value weighted(const WeightedForm& form, const Value& like, Side side, std::optional<std::int64_t> weight) {
  Value ref = form.point(like, side);
  if (weight)
    ref.set("weight", *weight);
  else
    ref.erase("weight");
  return ref;
}

bool is_audience(const Value& rule, const WeightedForm& form) { return form.is_audience && form.is_audience(rule); }

// The rule with its references to us replaced by both versions.
Value split_rule(const Value& rule, const Value& ref, const WeightedForm& form, Share candidate) {
  const std::int64_t whole = candidate.points % 100 == 0 ? 100 : plan::kWhole.points;
  const std::int64_t part = candidate.points * whole / plan::kWhole.points;
  Value refs = Value::array();
  for (const auto& [side, weight] : {std::pair(Side::Stable, whole - part), std::pair(Side::Candidate, part)})
    if (weight > 0 || !form.leaves_out_zero) refs.push_back(weighted(form, ref, side, weight));
  return rule.with(form.list, refs);
}

Value mirrored_rule(const Value& rule, const Value& ref, const WeightedForm& form, Share share) {
  return form.mirrored ? form.mirrored(rule, form.point(ref, Side::Candidate), share) : rule;
}

// In the order in which they count, where nothing but the order says so.
std::vector<plan::Audience> one_match_each(const std::vector<plan::Audience>& audiences) {
  if (audiences.size() == 1) return audiences;
  std::vector<plan::Audience> out;
  for (const plan::Audience& audience : audiences)
    for (const plan::Conditions& conditions : audience.any)
      out.push_back({.name = audience.name, .share = audience.share, .any = {conditions}});
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
                             audience.share));
  return out;
}

// What all requests get back: audiences stay as they are matched, and give nothing to the candidate.
bool parks(const plan::Traffic& wanted) { return wanted == plan::Traffic{plan::kNone}; }

}  // namespace

Value matches_or_any(const Value& matches) { return matches.size() > 0 ? matches : Value::array({Value::object()}); }

Value narrowed_matches(const Value& matches, const plan::Audience& audience,
                       const std::function<Value(Value match, const plan::Conditions&)>& narrowed) {
  Value out = Value::array();
  for (const Value& match : matches_or_any(matches).items())
    for (const plan::Conditions& conditions : audience.any) out.push_back(narrowed(match, conditions));
  return out;
}

const Value* ours(const Value& rule, const WeightedForm& form) {
  for (const Side side : {Side::Plain, Side::Stable, Side::Candidate})
    if (const Value* ref = find(rule, form, side)) return ref;
  return nullptr;
}

RouteView look_at_rules(const Value& rules, const WeightedForm& form) {
  RouteView view{.shape = RouteView::Shape::Foreign};
  for (const Value& rule : rules.items()) {
    const RuleView one = look_at_rule(rule, form);
    if (one.shape == RouteView::Shape::Foreign) continue;
    if (is_audience(rule, form)) {
      view.audience = std::max(view.audience, one.candidate);
      continue;
    }
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
      out.push_back(split_rule(mirrored_rule(rule, *ref, form, wanted.mirror), *ref, form, wanted.share));
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
      out.push_back(everybodys ? rule.without(form.list) : rule);
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
    const Value refs = Value::array({weighted(form, *ref, Side::Plain, std::nullopt)});
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
      return form.is(ref, Side::Stable) || form.is(ref, Side::Candidate);
    });
    const auto all = static_cast<std::int64_t>(rule[form.list].size());
    if (shape == RouteView::Shape::Plain ? all != 1 : shape == RouteView::Shape::Split && all != own) return i;
  }
  return std::nullopt;
}

ReadBack::Side side_of_rules(const Value& rules, const WeightedForm& form, Side which, std::int64_t ready) {
  ReadBack::Side side{.servers = ready};
  for (const Value& rule : rules.items()) {
    const Value* ref = find(rule, form, which);
    if ((!ref && !is_left_out(rule, form, which)) || is_audience(rule, form)) continue;
    std::int64_t sum = 0;
    for (const Value& other : rule[form.list].items()) sum += weight_of(rule, other, form);
    const std::int64_t share = ref && sum > 0 ? weight_of(rule, *ref, form) * plan::kWhole.points / sum : 0;
    side.uniform = side.uniform && (!side.present || side.share == share);
    side.share = std::max(side.share, share);
    side.present = true;
  }
  return side;
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
