#include "cli/follow.h"

#include <algorithm>

#include "cli/exit.h"
#include "cli/print.h"
#include "cli/release_text.h"
#include "data/json.h"
#include "data/selector.h"

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
  LineShow(Terminal& terminal, bool only_new) : terminal_(terminal), only_new_(only_new) {}

  void show(const Sight& sight) override {
    away_ = false;
    const std::vector<std::string> lines = log_lines(sight.release);
    if (std::exchange(only_new_, false)) last_ = lines;
    const std::size_t known = known_lines(lines);
    for (std::size_t i = known; i < lines.size(); ++i) print(lines[i], sight.now);
    last_ = lines;
    if (sight.now - printed_at_ >= kHeartbeat) print(heartbeat(sight), sight.now);
  }
  void away(const std::string& why) override {
    if (!std::exchange(away_, true)) terminal_.data(why + "; trying again\n");
  }
  void end(const Sight& sight) override { terminal_.data(release_block(terminal_, sight)); }

 private:
  // How many of `lines` were there before: the log loses old lines at its front.
  std::size_t known_lines(const std::vector<std::string>& lines) const {
    for (std::size_t dropped = 0; dropped < last_.size(); ++dropped) {
      const std::size_t kept = last_.size() - dropped;
      if (kept <= lines.size() &&
          std::equal(last_.begin() + static_cast<std::ptrdiff_t>(dropped), last_.end(), lines.begin()))
        return kept;
    }
    return 0;
  }
  void print(const std::string& line, base::Time now) {
    terminal_.data(line + "\n");
    printed_at_ = now;
  }
  static std::string heartbeat(const Sight& sight) {
    const std::string_view message = sight.release["status"]["message"].as_string();
    const std::string clock = base::format_time(sight.now).substr(11, 8);
    return clock + "  " + padded("waiting", 22) + "  " +
           (message.empty() ? "for the controllers" : std::string(message));
  }

  Terminal& terminal_;
  bool only_new_;
  bool away_ = false;
  std::vector<std::string> last_;
  base::Time printed_at_ = {};
};

// One JSON object a line, whenever something has changed.
class JsonShow final : public Show {
 public:
  explicit JsonShow(Terminal& terminal) : terminal_(terminal) {}
  void show(const Sight& sight) override {
    const Value now = release_object(sight);
    if (now == last_) return;
    terminal_.data(data::to_json(now) + "\n");
    last_ = now;
  }
  void away(const std::string& why) override { terminal_.talk(why); }

 private:
  Terminal& terminal_;
  Value last_;
};

std::unique_ptr<Show> make_show(Terminal& terminal, Format format) {
  if (format == Format::Json) return std::make_unique<JsonShow>(terminal);
  if (terminal.is_live()) return std::make_unique<LiveShow>(terminal);
  return std::make_unique<LineShow>(terminal, true);
}

// Failures that pass by themselves: the server restarts, or is elsewhere.
bool passes(const base::Error& error) {
  return error.code == Code::Unavailable || error.code == Code::Timeout || error.code == Code::TooManyRequests;
}

std::string advice(ExitCode code, const std::string& name) {
  switch (code) {
    case ExitCode::WaitsForPerson:
      return "release/" + name + " waits for a person (--until paused counts this as success)";
    case ExitCode::TimedOut:
      return "the wait is over; release/" + name + " goes on";
    case ExitCode::Interrupted:
      return "interrupted; release/" + name + " goes on";
    default:
      return {};
  }
}

}  // namespace

base::Result<Sight> look(Setting& s, const std::string& name) {
  Sight sight{.now = s.api.now()};
  auto release = s.api.get(api::kReleases, name);
  if (!release && release.error().code != Code::NotFound) return std::unexpected(std::move(release.error()));
  if (release) sight.release = *release;
  const std::string target = release ? (*release)["spec"]["target"]["name"].str(name) : name;
  auto deployment = s.api.get(api::kDeployments, target);
  if (!deployment && deployment.error().code != Code::NotFound) return std::unexpected(std::move(deployment.error()));
  if (!deployment && !release)
    return base::fail(Code::NotFound,
                      "there is neither a Release nor a Deployment \"" + name + "\" in namespace " + s.api.space());
  if (!deployment) return sight;
  sight.deployment = *deployment;
  const auto selector = data::LabelSelector::from_value(sight.deployment["spec"]["selector"]);
  if (!selector) return std::unexpected(selector.error());
  auto pods = s.api.list(api::kPods, selector->text());
  if (!pods) return std::unexpected(std::move(pods.error()));
  const auto items = (*pods)["items"].items();
  sight.pods.assign(items.begin(), items.end());
  return sight;
}

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
    if (const std::string text = advice(*code, name); !text.empty()) s.terminal.talk(text);
    return *code;
  }
}

}  // namespace slipway::cli
