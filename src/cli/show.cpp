#include "cli/show.h"

#include <optional>
#include <utility>

#include "cli/live_show.h"
#include "cli/release_text.h"
#include "data/json.h"

namespace slipway::cli {
namespace {

using data::Value;

constexpr base::Duration kHeartbeat = base::seconds(30);

// One line a decision, and a sign of life now and then that says what is waited for.
class LineShow final : public Show {
 public:
  explicit LineShow(Setting& s) : Show(s), terminal_(s.terminal) {}

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
  explicit JsonShow(Setting& s) : Show(s), terminal_(s.terminal) {}
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

}  // namespace

bool Show::rest(base::Duration duration) { return s_.api.pause(duration); }

std::unique_ptr<Show> make_show(Setting& s, const std::string& name, Format format) {
  if (format == Format::Json) return std::make_unique<JsonShow>(s);
  if (s.terminal.is_live()) return std::make_unique<LiveShow>(s, name);
  return std::make_unique<LineShow>(s);
}

}  // namespace slipway::cli
