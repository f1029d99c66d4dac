// A release as text: what `status` prints and `watch` redraws. The pictures are view/'s; here they meet the terminal.
#pragma once

#include <string>
#include <vector>

#include "cli/terminal.h"
#include "cli/verdict.h"
#include "data/value.h"
#include "view/render.h"

namespace slipway::cli {

// Colours as the terminal has them; lines are cut on a terminal only, never in a pipe.
view::Style style_of(const Terminal& terminal);
std::string joined(const view::Lines& lines);  // each with a line break

// The whole picture: the live block, the evidence of a rollback, and what to do next.
std::string release_block(const Terminal& terminal, const Sight& sight);

// Is there something before what the candidate has been given, so that a step back means something?
bool can_go_back(const view::ReleaseView& view);

// "updated 1, available 2 of 3": of a Deployment that rolls without a Release.
std::string deployment_text(const Sight& sight);

// The ReleaseView as JSON with the verdict; of a Deployment without Release, what is known of it.
data::Value release_object(const Sight& sight);

// The same without what changes by itself from one moment to the next, which is no news.
data::Value news_of(const data::Value& release_object);

}  // namespace slipway::cli
