#include "rehearse/scenario/outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace slipway::rehearse::scenario {

namespace {

using Track = std::vector<std::string>;

std::string join(const Track& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
  return "[" + all + "]";
}

std::string to_text(const Rollback& r) {
  return fmt::format("{} {} {}", r.cause, r.metric.empty() ? "-" : r.metric, r.verification);
}

std::string to_text(const std::map<std::string, std::int64_t>& counts) {
  std::string all;
  for (const auto& [version, count] : counts)
    if (count > 0) all += fmt::format("{}{}: {}", all.empty() ? "" : ", ", version, count);
  return "{" + all + "}";
}

void compare_lists(const char* what, const std::optional<Track>& wanted, const Track& got, Track& out) {
  if (wanted && *wanted != got)
    out.push_back(fmt::format("{}: expected {}\n{:>{}}  it was   {}", what, join(*wanted), "",
                              std::string_view(what).size(), join(got)));
}

// Longest common subsequence, backwards: length[i][j] of left from i on and right from j on.
std::vector<std::vector<std::size_t>> common_lengths(const Track& left, const Track& right) {
  std::vector<std::vector<std::size_t>> length(left.size() + 1, std::vector<std::size_t>(right.size() + 1, 0));
  for (std::size_t i = left.size(); i-- > 0;)
    for (std::size_t j = right.size(); j-- > 0;)
      length[i][j] = left[i] == right[j] ? length[i + 1][j + 1] + 1 : std::max(length[i + 1][j], length[i][j + 1]);
  return length;
}

std::string difference_of(const Track& left, const Track& right) {
  const auto length = common_lengths(left, right);
  std::string out;
  const auto line = [&out](bool same, const std::string& l, const std::string& r) {
    out += fmt::format("  {} {:<58} {}\n", same ? ' ' : '!', l, r);
  };
  std::size_t i = 0, j = 0;
  while (i < left.size() || j < right.size()) {
    if (i < left.size() && j < right.size() && left[i] == right[j])
      line(true, left[i], right[j]), ++i, ++j;
    else if (j == right.size() || (i < left.size() && length[i + 1][j] >= length[i][j + 1]))
      line(false, left[i++], "-");
    else
      line(false, "-", right[j++]);
  }
  return out;
}

}  // namespace

std::vector<std::string> shortcomings(const Scenario& scenario, const Outcome& outcome) {
  std::vector<std::string> out;
  if (!outcome.failure.empty()) out.push_back(outcome.failure);
  const End& end = scenario.end;
  compare_lists("end.phases", end.phases, outcome.phases, out);
  compare_lists("end.verified", end.verified, outcome.verified, out);
  if (end.rollbacks) {
    Track wanted, got;
    for (const auto& r : *end.rollbacks) wanted.push_back(to_text(Rollback{r.cause, r.metric, r.verification}));
    for (const auto& r : outcome.rollbacks) got.push_back(to_text(r));
    compare_lists("end.rollback", wanted, got, out);
  } else if (!outcome.rollbacks.empty()) {
    out.push_back("end.rollback: none was expected, but there was " + to_text(outcome.rollbacks.front()));
  }
  if (end.started && to_text(*end.started) != to_text(outcome.started))
    out.push_back(fmt::format("end.started: expected {}\n             it was   {}", to_text(*end.started),
                              to_text(outcome.started)));
  for (const auto& [version, restarts] : outcome.restarts)
    if (restarts > 0 && std::ranges::find(end.may_restart, version) == end.may_restart.end())
      out.push_back(
          fmt::format("containers of {} restarted {} times; end.restarts does not name it", version, restarts));
  return out;
}

std::string difference(const Outcome& left, const std::string& left_name, const Outcome& right,
                       const std::string& right_name) {
  std::string out;
  if (left.failure != right.failure)
    out +=
        fmt::format("how it ended\n  ! {}: {}\n  ! {}: {}\n", left_name, left.failure.empty() ? "well" : left.failure,
                    right_name, right.failure.empty() ? "well" : right.failure);
  std::set<std::string> names;
  for (const Outcome* outcome : {&left, &right})
    for (const auto& [name, track] : outcome->tracks) names.insert(name);
  for (const std::string& name : names) {
    const auto track = [&name](const Outcome& o) { return o.tracks.contains(name) ? o.tracks.at(name) : Track{}; };
    if (track(left) == track(right)) continue;
    out += fmt::format("{:<62} {}\n", name + ": " + left_name, right_name) + difference_of(track(left), track(right));
  }
  return out;
}

Outcome with_gaps_filled(Outcome seen, const Outcome& whole) {
  for (auto& [name, track] : seen.tracks) {
    const auto found = whole.tracks.find(name);
    if (found == whole.tracks.end() || track.empty() || found->second.empty()) continue;
    const Track& full = found->second;
    if (track.back() == full.back() && common_lengths(track, full)[0][0] == track.size()) track = full;
  }
  return seen;
}

std::string to_text(const Outcome& outcome) {
  std::string out;
  if (!outcome.failure.empty()) out += "failed: " + outcome.failure + "\n";
  for (const auto& [name, track] : outcome.tracks) {
    out += name + "\n";
    for (const std::string& step : track) out += "    " + step + "\n";
  }
  return out;
}

}  // namespace slipway::rehearse::scenario
