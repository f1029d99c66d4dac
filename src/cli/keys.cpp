#include "cli/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/release_text.h"
#include "view/ahead.h"

namespace slipway::cli {
namespace {

using delivery::Phase;
using view::ReleaseView;

struct Key {
  char key;
  Deed deed;
  std::string_view text;
};

constexpr std::array<Key, 7> kKeys = {{
    {'p', Deed::Promote, "promote"},
    {'a', Deed::Abort, "abort"},
    {'z', Deed::Pause, "pause"},
    {'z', Deed::Resume, "resume"},
    {'b', Deed::Back, "back"},
    {'l', Deed::Logs, "logs"},
    {'q', Deed::Leave, "leave"},
}};

bool is_paused(const Sight& sight) { return sight.objects.release["spec"]["paused"].as_bool(); }
bool is_halted(const Sight& sight) { return sight.objects.release["status"]["halt"].is_object(); }

// There is a candidate that is not on its way back, and not the workload's own already.
bool is_under_way(const ReleaseView& v) { return v.candidate && !v.rollback && v.phase != Phase::Promoting; }

bool can_promote(const Sight& sight, const ReleaseView& v) {
  if (!is_under_way(v) || is_paused(sight)) return false;
  if (!v.variants.empty() && !is_halted(sight)) return false;  // a test ends with the choice of a variant
  return v.takes_promote && (v.phase == Phase::Paused || v.phase == Phase::Keeping || v.phase == Phase::Progressing);
}

bool can_pause(const Sight& sight, const ReleaseView& v) {
  return is_under_way(v) && !is_paused(sight) && v.phase != Phase::Keeping;
}

bool has_logs(const ReleaseView& v) {
  return std::ranges::any_of(v.versions, [](const view::VersionView& one) {
    return (one.role == "candidate" || one.role.starts_with("variant")) && !one.pods.empty();
  });
}

bool is_possible(Deed deed, const Sight& sight, const ReleaseView& v) {
  switch (deed) {
    case Deed::Promote:
      return can_promote(sight, v);
    case Deed::Abort:
      return is_under_way(v);
    case Deed::Pause:
      return can_pause(sight, v);
    case Deed::Resume:
      return is_paused(sight);
    case Deed::Back:
      return is_under_way(v) && can_go_back(v);
    case Deed::Logs:
      return has_logs(v);
    case Deed::Leave:
      return true;
    case Deed::None:
      return false;
  }
  return false;
}

// --- questions -------------------------------------------------------------------------------------------------------

std::string promote_question(const Sight& sight, const ReleaseView& v) {
  const std::string whom = "promote release/" + v.name;
  if (is_halted(sight)) return whom + " in spite of its failure?";
  if (std::string all = view::switch_question(v, {}); !all.empty()) return all;
  if (v.phase == Phase::Keeping && v.stable)
    return fmt::format("{}? revision {} goes, and with it the way back at once", whom, v.stable->number);
  if (const std::string next = view::next_step_text(v); !next.empty()) return whom + "? on with " + next;
  return v.candidate ? fmt::format("{}? everybody gets {}", whom, v.candidate->number) : whom + "?";
}

std::string abort_question(const ReleaseView& v) {
  const bool has_users = v.routed && (v.wanted > 0 || !v.beside.empty());
  const std::string_view what = has_users  ? "traffic goes back to"
                                : v.routed ? "all traffic stays on revision"
                                           : "pods go back to revision";
  return fmt::format("abort release/{}? {} {}", v.name, what, v.stable ? v.stable->number : 0);
}

// Empty: it is done at once.
std::string question_about(Deed deed, const Sight& sight, const ReleaseView& v) {
  if (deed == Deed::Promote) return promote_question(sight, v);
  if (deed == Deed::Abort) return abort_question(v);
  if (deed == Deed::Back) return "take release/" + v.name + " one step back?";
  return "";
}

Pressed answer(Keys keys, char key, const Sight& sight, const ReleaseView& v) {
  keys = still(std::move(keys), sight, v);
  const bool yes = key == 'y' || key == 'Y';
  const Deed deed = yes ? keys.asked : Deed::None;
  keys.asked = Deed::None, keys.question.clear();
  return {std::move(keys), deed};
}

}  // namespace

std::vector<Deed> deeds_of(const Sight& sight, const ReleaseView& v) {
  std::vector<Deed> out;
  for (const Key& key : kKeys)
    if (is_possible(key.deed, sight, v)) out.push_back(key.deed);
  return out;
}

Keys still(Keys keys, const Sight& sight, const ReleaseView& v) {
  const bool fits = is_possible(keys.asked, sight, v) && question_about(keys.asked, sight, v) == keys.question;
  if (!fits) keys.asked = Deed::None, keys.question.clear();
  return keys;
}

Pressed press(Keys keys, char key, const Sight& sight, const ReleaseView& v) {
  if (keys.asked != Deed::None) return answer(std::move(keys), key, sight, v);
  for (const Key& known : kKeys) {
    if (known.key != key || !is_possible(known.deed, sight, v)) continue;
    if (known.deed == Deed::Logs) keys.logs = !keys.logs;
    keys.question = question_about(known.deed, sight, v);
    keys.asked = keys.question.empty() ? Deed::None : known.deed;
    return {keys, keys.question.empty() ? known.deed : Deed::None};
  }
  return {std::move(keys), Deed::None};
}

std::string hint_line(const Keys& keys, const Sight& sight, const ReleaseView& v) {
  if (keys.asked != Deed::None) return keys.question + "  [y/N]";
  std::string out;
  for (const Key& key : kKeys)
    if (is_possible(key.deed, sight, v)) out += fmt::format("{}{} {}", out.empty() ? "" : "   ", key.key, key.text);
  return out + (sight.has_release() ? " (release goes on)" : " (it goes on)");
}

}  // namespace slipway::cli
