#include "cli/follow.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "api/meta.h"
#include "cli/exit.h"
#include "cli/print.h"
#include "cli/release_text.h"
#include "cli/summary.h"
#include "data/json.h"
#include "data/selector.h"
#include "delivery/names.h"
#include "delivery/observe_config.h"
#include "delivery/plan/compile.h"
#include "delivery/plan/workload.h"

namespace slipway::cli {
namespace {

using base::Code;
using data::Value;

constexpr base::Duration kInterval = base::milliseconds(300);
constexpr base::Duration kHeartbeat = base::seconds(30);

// Shows one sight after the other.
class Show {
 public:
  virtual ~Show() = default;
  virtual void show(const Sight& sight) = 0;
  virtual void away(const std::string& why) = 0;  // the server does not answer
  virtual void end(const Sight&) {}
};

// Decisions scroll up as lines; the state is a block that is redrawn below them.
class LiveShow final : public Show {
 public:
  explicit LiveShow(Terminal& terminal) : terminal_(terminal) {}
  void show(const Sight& sight) override {
    terminal_.redraw(release_block(terminal_, sight) + "Ctrl-C leaves; the release goes on\n");
  }
  void away(const std::string& why) override { terminal_.redraw(why + "; trying again\n"); }
  void end(const Sight& sight) override { terminal_.settle(release_block(terminal_, sight)); }

 private:
  Terminal& terminal_;
};

// One line a decision, and a sign of life now and then that says what is waited for.
class LineShow final : public Show {
 public:
  explicit LineShow(Terminal& terminal) : terminal_(terminal) {}

  void show(const Sight& sight) override {
    away_ = false;
    if (!sight.has_release()) return show_deployment(sight);
    view::ReleaseView now = view::compute(sight.objects, sight.now);
    if (!last_) printed_at_ = sight.now;
    const view::Lines lines = last_ ? view::render_changes(&*last_, now) : view::Lines();
    print(lines, sight.now);
    if (sight.now - printed_at_ >= kHeartbeat) print({waiting_line(now)}, sight.now);
    last_ = std::move(now);
  }
  void away(const std::string& why) override {
    if (!std::exchange(away_, true)) terminal_.data(why + "; trying again\n");
  }
  void end(const Sight& sight) override { terminal_.data(release_block(terminal_, sight)); }

 private:
  // Without a Release there are no decisions: what has changed, and the same as a sign of life.
  void show_deployment(const Sight& sight) {
    std::string now = deployment_text(sight);
    if (now != deployment_ || sight.now - printed_at_ >= kHeartbeat)
      print({view::render_line(sight.now, "deployment", now)}, sight.now);
    deployment_ = std::move(now);
  }
  static std::string waiting_line(view::ReleaseView v) {
    if (v.message.empty()) v.message = "for a controller to take notice";
    return view::render_waiting(v);
  }
  void print(const view::Lines& lines, base::Time now) {
    if (lines.empty()) return;
    terminal_.data(joined(lines));
    printed_at_ = now;
  }

  Terminal& terminal_;
  bool away_ = false;
  std::string deployment_;
  std::optional<view::ReleaseView> last_;  // what is known already is not told again
  base::Time printed_at_ = {};
};

// One JSON object a line, whenever something has changed.
class JsonShow final : public Show {
 public:
  explicit JsonShow(Terminal& terminal) : terminal_(terminal) {}
  void show(const Sight& sight) override {
    const Value now = release_object(sight);
    if (Value key = news_of(now); !(key == last_)) {
      terminal_.data(data::to_json(now) + "\n");
      last_ = std::move(key);
    }
  }
  void away(const std::string& why) override { terminal_.talk(why); }

 private:
  Terminal& terminal_;
  Value last_;
};

std::unique_ptr<Show> make_show(Terminal& terminal, Format format) {
  if (format == Format::Json) return std::make_unique<JsonShow>(terminal);
  if (terminal.is_live()) return std::make_unique<LiveShow>(terminal);
  return std::make_unique<LineShow>(terminal);
}

// Failures that pass by themselves: the server restarts, or is elsewhere.
bool passes(const base::Error& error) {
  return error.code == Code::Unavailable || error.code == Code::Timeout || error.code == Code::TooManyRequests;
}

std::string ending(ExitCode code, const std::string& name) {
  switch (code) {
    case ExitCode::WaitsForPerson:
      return "release/" + name + " waits for a person (--until paused counts this as success)";
    case ExitCode::EndedBadly:
      return "release/" + name + " did not go through";
    case ExitCode::TimedOut:
      return "the wait is over; release/" + name + " goes on";
    case ExitCode::Interrupted:
      return "interrupted; release/" + name + " goes on";
    default:
      return {};
  }
}

// Why the wait ends with anything but success, with its exit code.
std::string advice(ExitCode code, const std::string& name) {
  const std::string text = ending(code, name);
  return text.empty() ? text : fmt::format("exit {}: {}", static_cast<int>(code), text);
}

}  // namespace

namespace {

// The objects of a list; nothing when the request fails.
base::Result<std::vector<Value>> items_of(base::Result<Value> list) {
  if (!list) return std::unexpected(std::move(list.error()));
  const auto items = (*list)["items"].items();
  return std::vector<Value>(items.begin(), items.end());
}

// Those of the Deployment, and those that the Release holds: they have left its selector (docs/decisions/0005).
base::Result<std::vector<Value>> replica_sets_of(Setting& s, const Sight& sight, const std::string& selector) {
  auto sets = items_of(s.api.list(api::kReplicaSets, selector));
  if (!sets || !sight.has_release()) return sets;
  const std::string release(api::name_of(sight.objects.release));
  auto held = items_of(s.api.list(api::kReplicaSets, fmt::format("{}={}", delivery::kReleaseLabel, release)));
  if (!held) return held;
  for (Value& set : *held)
    if (std::ranges::none_of(*sets, [&](const Value& known) { return api::uid_of(known) == api::uid_of(set); }))
      sets->push_back(std::move(set));
  return sets;
}

base::Result<void> fill(Setting& s, Sight& sight) {
  const auto selector = data::LabelSelector::from_value(sight.deployment["spec"]["selector"]);
  if (!selector) return std::unexpected(selector.error());
  auto pods = items_of(s.api.list(api::kPods, selector->text()));
  const bool in_place = delivery::plan::is_in_place(delivery::plan::target_kind_of(sight.objects.release));
  auto sets = !pods ? pods : in_place ? std::vector<Value>() : replica_sets_of(s, sight, selector->text());
  const bool reads_kept = in_place || delivery::has_versioned_config(sight.objects.release) ||
                          sight.objects.release["status"]["rejected"].is_object();
  auto revisions = reads_kept && sets ? items_of(s.api.list(api::kControllerRevisions)) : std::vector<Value>();
  if (!revisions) return std::unexpected(std::move(revisions.error()));
  sight.objects.revisions = std::move(*revisions);
  auto runs = sets && sight.has_release() ? items_of(s.api.list(api::kAnalysisRuns)) : std::vector<Value>();
  if (!sets || !runs) return std::unexpected(std::move(!sets ? sets.error() : runs.error()));
  const std::string_view uid = api::uid_of(sight.objects.release);
  std::erase_if(*runs, [&](const Value& run) { return api::controller_of(run)["uid"].as_string() != uid; });
  sight.objects.pods = std::move(*pods), sight.objects.replica_sets = std::move(*sets),
  sight.objects.runs = std::move(*runs);
  return {};
}

// The object, or null when it is not there.
base::Result<Value> get_if_there(Setting& s, const api::Resource& resource, const std::string& name) {
  auto object = s.api.get(resource, name);
  if (!object && object.error().code == Code::NotFound) return Value();
  return object;
}

// A job whose summary cannot be written has still released.
void summarise(Setting& s, const Until& until, const Sight& last, const std::string& ended) {
  const std::string path = summary_path(until);
  if (path.empty() || (!last.has_release() && last.deployment.is_null())) return;
  if (const auto done = append_summary(path, last, ended); !done) s.terminal.talk(done.error().message);
}

// To know how long steps last. Not everybody may read them, and without them less is known.
std::vector<Value> templates_of(Setting& s, const Value& release) {
  std::vector<Value> out;
  if (delivery::plan::analyses_of(release["spec"]).empty() || !release["status"]["candidate"].is_object()) return out;
  for (const api::Resource& kind : {api::kAnalysisTemplates, api::kClusterAnalysisTemplates})
    if (auto found = items_of(s.api.list(kind))) std::ranges::move(*found, std::back_inserter(out));
  return out;
}

}  // namespace

base::Result<Sight> look(Setting& s, const std::string& name) {
  auto release = get_if_there(s, api::kReleases, name);
  if (!release) return std::unexpected(std::move(release.error()));
  const api::Resource& kind = delivery::plan::resource_of(delivery::plan::target_kind_of(*release));
  auto deployment = get_if_there(s, kind, (*release)["spec"]["target"]["name"].str(name));
  if (!deployment) return std::unexpected(std::move(deployment.error()));
  if (release->is_null() && deployment->is_null())
    return base::fail(Code::NotFound,
                      "there is neither a Release nor a Deployment \"" + name + "\" in namespace " + s.api.space());
  Sight sight{.objects = {.release = *release, .deployment = *deployment}, .deployment = *deployment};
  if (!deployment->is_null())
    if (const auto filled = fill(s, sight); !filled) return std::unexpected(filled.error());
  std::map<std::string, Value> config_maps;
  for (const std::string& config_map : delivery::config_maps_of(*release, *deployment)) {
    auto found = get_if_there(s, api::kConfigMaps, config_map);
    if (!found) return std::unexpected(std::move(found.error()));
    config_maps[config_map] = *std::move(found);
  }
  sight.objects.templates = templates_of(s, *release);
  sight.asked_template = delivery::asked_template_of(*release, *deployment, config_maps);
  sight.now = s.api.now();
  return sight;
}

namespace {

// What is left to say when the wait ends.
std::string ending_text(ExitCode code, const Sight& last, const std::string& name) {
  const std::string trouble = code == ExitCode::EndedBadly ? hopeless(last) : "";
  if (trouble.empty()) return advice(code, name);
  return fmt::format("exit {}: waiting is in vain: {}\nrelease/{} goes on when that is mended", static_cast<int>(code),
                     trouble, name);
}

}  // namespace

ExitCode follow(Setting& s, const std::string& name, const Until& until, Format format) {
  const std::unique_ptr<Show> show = make_show(s.terminal, format);
  const base::Time start = s.api.now();
  for (Sight last;;) {
    const auto sight = look(s, name);
    if (!sight && sight.error().code == Code::Canceled)
      return s.terminal.talk(advice(ExitCode::Interrupted, name)), ExitCode::Interrupted;
    if (!sight && !passes(sight.error())) return tell(s, sight.error());
    std::optional<ExitCode> code;
    if (sight) {
      if (const std::string why = impossible(until, *sight); !why.empty())
        return tell(s, {.code = Code::BadRequest, .message = why});
      show->show(last = *sight);
      code = reached(until, last);
    } else {
      show->away(sight.error().message);
    }
    if (!code && until.timeout > base::Duration::zero() && s.api.now() - start >= until.timeout)
      code = ExitCode::TimedOut;
    if (!code && !s.api.pause(kInterval)) code = ExitCode::Interrupted;
    if (!code) continue;
    show->end(last);
    const std::string text = ending_text(*code, last, name);
    if (!text.empty()) s.terminal.talk(text);
    summarise(s, until, last, text);
    return *code;
  }
}

}  // namespace slipway::cli
