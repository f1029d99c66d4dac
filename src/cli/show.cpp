#include "cli/show.h"

#include <optional>
#include <utility>

#include "cli/live_show.h"
#include "cli/print.h"
#include "cli/release_text.h"
#include "cli/stop.h"
#include "data/json.h"
#include "data/yaml.h"

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

// Whenever something has changed: one JSON object a line, or a YAML document.
class ChangeShow final : public Show {
 public:
  ChangeShow(Setting& s, Format format) : Show(s), format_(format) {}
  void show(const Sight& sight) override {
    const Value now = release_object(sight);
    Value key = news_of(now);
    if (key == last_) return;
    s_.terminal.data(format_ == Format::Yaml ? "---\n" + data::to_yaml(now) : data::to_json(now) + "\n");
    last_ = std::move(key);
  }
  void away(const std::string& why) override { s_.terminal.talk(why); }

 private:
  Format format_;
  Value last_;
};

// Nothing until the end, and then one object.
class EndShow final : public Show {
 public:
  EndShow(Setting& s, Format format) : Show(s), format_(format) {}
  void show(const Sight&) override {}
  void away(const std::string& why) override {
    if (why != std::exchange(told_, why)) s_.terminal.talk(why + "; trying again");
  }
  void end(const Sight& sight) override {
    if (!sight.has_release() && sight.deployment.is_null()) return;  // the server never answered
    s_.terminal.data(print_object(status_object(s_, sight), format_));
  }

 private:
  Format format_;
  std::string told_;
};

}  // namespace

bool Show::rest(base::Duration duration) { return s_.api.pause(duration); }

Value status_object(Setting& s, const Sight& sight) {
  Value out = release_object(sight);
  if (Value stop = find_stop(s); stop.is_object()) out.set("stop", std::move(stop));
  return out;
}

std::unique_ptr<Show> make_show(Setting& s, const std::string& name, Format format, Printed printed) {
  if (const bool object = format == Format::Json || format == Format::Yaml; object && printed == Printed::End)
    return std::make_unique<EndShow>(s, format);
  else if (object)
    return std::make_unique<ChangeShow>(s, format);
  if (s.terminal.is_live()) return std::make_unique<LiveShow>(s, name);
  return std::make_unique<LineShow>(s);
}

}  // namespace slipway::cli
