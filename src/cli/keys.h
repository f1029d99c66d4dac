// What keys mean while a release is shown live: a state machine without a terminal and without a cluster. Pure.
//
//   const Pressed pressed = press(keys, 'p', sight, view);   // asks: nothing to do yet
//   keys = pressed.keys;                                     // hint_line(keys, sight, view) is the question
//   press(keys, 'y', sight, view).deed == Deed::Promote      // to be done now
#pragma once

#include <string>
#include <vector>

#include "cli/verdict.h"
#include "view/view.h"

namespace slipway::cli {

// What a key does. Promote, Abort and Back are done only after a question.
enum class Deed { None, Promote, Abort, Back, Pause, Resume, Logs, Leave };

// What has been pressed so far.
struct Keys {
  Deed asked = Deed::None;    // waits for y
  std::string question = {};  // about it, as it was shown
  bool logs = false;          // the candidate's last lines are shown
  bool operator==(const Keys&) const = default;
};

struct Pressed {
  Keys keys = {};
  Deed deed = Deed::None;  // to be done now
  bool operator==(const Pressed&) const = default;
};

Pressed press(Keys keys, char key, const Sight& sight, const view::ReleaseView& view);

// A question that does not fit the release any more is withdrawn: nobody answers what he has not read.
Keys still(Keys keys, const Sight& sight, const view::ReleaseView& view);

// "p promote   a abort   z pause   q leave (release goes on)", or the question with "[y/N]".
std::string hint_line(const Keys& keys, const Sight& sight, const view::ReleaseView& view);

// What has a meaning now, in the order of the line.
std::vector<Deed> deeds_of(const Sight& sight, const view::ReleaseView& view);

}  // namespace slipway::cli
