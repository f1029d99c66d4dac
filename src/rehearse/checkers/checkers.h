// The makers of the checkers of this folder.
#pragma once

#include <memory>

#include "rehearse/checker.h"

namespace slipway::rehearse {

std::unique_ptr<Checker> make_capacity_before_traffic();
std::unique_ptr<Checker> make_available_budget();
std::unique_ptr<Checker> make_pods_at_most();
std::unique_ptr<Checker> make_template_is_the_users();
std::unique_ptr<Checker> make_never_past_failed_gate();
std::unique_ptr<Checker> make_weights_add_up();
std::unique_ptr<Checker> make_one_leader();
std::unique_ptr<Checker> make_pods_at_least();
std::unique_ptr<Checker> make_node_fits();
std::unique_ptr<Checker> make_verified_before_use();
std::unique_ptr<Checker> make_analysis_has_data();
std::unique_ptr<Checker> make_paused_holds();
std::unique_ptr<Checker> make_switch_finds_pods();
std::unique_ptr<Checker> make_known_to_router();
std::unique_ptr<Checker> make_places_hold();
std::unique_ptr<Checker> make_placed_budget();
std::unique_ptr<Checker> make_placed_batches();
std::unique_ptr<Checker> make_config_in_use();
std::unique_ptr<Checker> make_previews_let_in();
std::unique_ptr<Checker> make_previews_go();
std::unique_ptr<Checker> make_hooks_in_order();
std::unique_ptr<Checker> make_trouble_has_lasted();
std::unique_ptr<Checker> make_kept_pods_aside();
std::unique_ptr<Checker> make_hooks_answered();
std::unique_ptr<Checker> make_hooks_on_the_way_back();

}  // namespace slipway::rehearse
