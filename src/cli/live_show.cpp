#include "cli/live_show.h"

#include <algorithm>
#include <utility>

#include "cli/release_text.h"
#include "view/step_text.h"

namespace slipway::cli {
namespace {

// How long a key waits to be seen.
constexpr base::Duration kLook = base::milliseconds(50);

delivery::Verb verb_of(Deed deed) {
  return deed == Deed::Abort  ? delivery::Verb::Abort
         : deed == Deed::Back ? delivery::Verb::Back
                              : delivery::Verb::Promote;
}

}  // namespace

void LiveShow::show(const Sight& sight) {
  away_.clear();
  sight_ = sight;
  view_ = sight.has_release() ? view::compute(sight.objects, sight.now) : view::ReleaseView{};
  keys_ = still(std::move(keys_), sight_, view_);
  if (keys_.logs) logs_.look(sight_);
  draw();
}

void LiveShow::away(const std::string& why) {
  away_ = joined(view::wrap(why + "; trying again", s_.terminal.columns()));
  sight_ = {}, view_ = {};  // nobody decides about what he does not see
  keys_ = still(std::move(keys_), sight_, view_);
  draw();
}

void LiveShow::end(const Sight& sight) {
  s_.terminal.settle(release_block(s_.terminal, sight));
  if (sending_) note(delivery::typed(sending_->command()) + " is recorded, and not answered yet");
  if (!note_.empty()) s_.terminal.talk(note_);
}

void LiveShow::draw() {
  const std::string block = !away_.empty() ? away_ : release_block(s_.terminal, sight_);
  s_.terminal.redraw(block, footer());
}

// The logs, what became of the last command, and the keys.
std::string LiveShow::footer() const {
  std::string out;
  if (keys_.logs && away_.empty()) out += joined(logs_.lines(s_.terminal.rows() / 3));
  if (!note_.empty()) out += joined(view::wrap(note_, s_.terminal.columns()));
  if (!keyboard_.is_on()) return out + "Ctrl-C leaves; the release goes on\n";
  const Ink ink = keys_.asked == Deed::None ? Ink::Faint : Ink::Plain;
  for (const std::string& line : view::wrap(view::one_line(hint_line(keys_, sight_, view_)), s_.terminal.columns()))
    out += inked(s_.terminal, ink, line) + "\n";
  return out;
}

bool LiveShow::rest(base::Duration duration) {
  if (!keyboard_.is_on()) return s_.api.pause(duration);
  for (const base::Time end = s_.api.now() + duration; s_.api.now() < end;) {
    if (!s_.api.pause(std::min(kLook, duration)) || !take_keys()) return false;
    if (sending_) go_on_sending();
  }
  return true;
}

bool LiveShow::take_keys() {
  while (const auto key = keyboard_.next()) {
    Pressed pressed = press(keys_, *key, sight_, view_);
    const bool changed = pressed.keys != keys_ || pressed.deed != Deed::None;
    keys_ = std::move(pressed.keys);
    if (pressed.deed == Deed::Leave) return false;
    act(pressed.deed);
    if (changed) draw();
  }
  return true;
}

void LiveShow::act(Deed deed) {
  switch (deed) {
    case Deed::Promote:
    case Deed::Abort:
    case Deed::Back:
      sending_.emplace(s_, name_, delivery::Command{.verb = verb_of(deed)});
      return note(delivery::typed(sending_->command()) + " is on its way");
    case Deed::Pause:
    case Deed::Resume:
      return set_paused(deed == Deed::Pause);
    case Deed::Logs:
      return keys_.logs ? logs_.look(sight_) : void();
    case Deed::None:
    case Deed::Leave:
      return;
  }
}

void LiveShow::set_paused(bool paused) {
  const auto done = cli::set_paused(s_, name_, paused);
  note(done ? *done : done.error().message);
}

void LiveShow::go_on_sending() {
  const auto sent = sending_->go_on();
  if (!sent) return;
  const std::string by = sending_->command().by;
  note(sent->error ? sent->error->message : sent->text + (by.empty() ? "" : " (by " + by + ")"));
  sending_.reset();
  draw();
}

void LiveShow::note(const std::string& text) { note_ = view::clock_text(s_.api.now()) + "  " + view::one_line(text); }

}  // namespace slipway::cli
