/** Owns what a gift is called here: by this page's catalogue, in the reader's language. Pure. */

/** @import {Gift, GiftGiven} from "./types.js" */

/**
 * The name in the message is in the sender's language; it stands in for a gift this page does not know yet.
 * @param {Gift[]} catalogue
 * @param {GiftGiven} given
 */
export function giftName(catalogue, given) {
  return catalogue.find(({ gift }) => gift === given.gift)?.name ?? given.name;
}
