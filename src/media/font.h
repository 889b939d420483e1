// Our own bitmap font for ASCII, drawn so that it can be read and mended here: glyphs of 5 x 8
// pixels, the lowest row for descenders, 12 to a band, a column apart.
#pragma once

#include <string_view>

namespace camloop::font {

inline constexpr int kGlyphWidth = 5;
inline constexpr int kGlyphHeight = 8;
inline constexpr int kGlyphsPerBand = 12;
inline constexpr int kBandWidth = kGlyphsPerBand * (kGlyphWidth + 1);

// clang-format off
inline constexpr std::string_view kBands =
    // ! " # $ % & ' ( ) * +
    "        #    # #   # #    #   ##  #  ##     #      #   #                "
    "        #    # #   # #   #### ##  # #  #    #     #     #     #     #   "
    "        #    # #  ##### # #      #  # #          #       #  # # #   #   "
    "        #          # #   ###    #    #           #       #   ###  ##### "
    "        #         #####   # #  #    # # #        #       #  # # #   #   "
    "                   # #  ####  #  ## #  #          #     #     #     #   "
    "        #          # #    #   #  ##  ## #          #   #                "
    "                                                                        "
    // , - . / 0 1 2 3 4 5 6 7
    "                      #  ###    #    ###   ###     #  #####   ##  ##### "
    "                     #  #   #  ##   #   # #   #   ##  #      #        # "
    "                     #  #  ##   #       #     #  # #  ####  #        #  "
    "      #####         #   # # #   #     ##    ##  #  #      # ####     #  "
    "                   #    ##  #   #    #        # #####     # #   #   #   "
    "  ##         ##    #    #   #   #   #     #   #    #  #   # #   #   #   "
    "  #          ##   #      ###   ###  #####  ###     #   ###   ###    #   "
    " #                                                                      "
    // 8 9 : ; < = > ? @ A B C
    " ###   ###                 #         #     ###   ###   ###  ####   ###  "
    "#   # #   #  ##    ##     #           #   #   # #   # #   # #   # #   # "
    "#   # #   #  ##    ##    #    #####    #      # # ### #   # #   # #     "
    " ###   ####             #               #    #  # # # ##### ####  #     "
    "#   #     #  ##    ##    #    #####    #    #   # ### #   # #   # #     "
    "#   #    #   ##    ##     #           #         #     #   # #   # #   # "
    " ###   ##           #      #         #      #    ###  #   # ####   ###  "
    "                   #                                                    "
    // D E F G H I J K L M N O
    "####  ##### #####  ###  #   #  ###    ### #   # #     #   # #   #  ###  "
    "#   # #     #     #   # #   #   #      #  #  #  #     ## ## ##  # #   # "
    "#   # #     #     #     #   #   #      #  # #   #     # # # # # # #   # "
    "#   # ####  ####  # ### #####   #      #  ##    #     # # # # # # #   # "
    "#   # #     #     #   # #   #   #      #  # #   #     #   # #  ## #   # "
    "#   # #     #     #   # #   #   #   #  #  #  #  #     #   # #   # #   # "
    "####  ##### #      #### #   #  ###   ##   #   # ##### #   # #   #  ###  "
    "                                                                        "
    // P Q R S T U V W X Y Z [
    "####   ###  ####   #### ##### #   # #   # #   # #   # #   # #####  ###  "
    "#   # #   # #   # #       #   #   # #   # #   # #   # #   #     #  #    "
    "#   # #   # #   # #       #   #   # #   # #   #  # #   # #     #   #    "
    "####  #   # ####   ###    #   #   # #   # # # #   #     #     #    #    "
    "#     # # # # #       #   #   #   #  # #  # # #  # #    #    #     #    "
    "#     #  #  #  #      #   #   #   #  # #  ## ## #   #   #   #      #    "
    "#      ## # #   # ####    #    ###    #   #   # #   #   #   #####  ###  "
    "                                                                        "
    // \ ] ^ _ ` a b c d e f g
    "#      ###    #          #          #               #         ##        "
    " #       #   # #          #         #               #        #          "
    " #       #  #   #              ###  ####   ###   ####  ###   #     #### "
    "  #      #                        # #   # #     #   # #   # ####  #   # "
    "   #     #                     #### #   # #     #   # #####  #    #   # "
    "   #     #                    #   # #   # #   # #   # #      #     #### "
    "    #  ###                     #### ####   ###   ####  ###   #        # "
    "                  #####                                            ###  "
    // h i j k l m n o p q r s
    "#       #      #  #      ##                                             "
    "#                 #       #                                             "
    "# ##   ##     ##  #  #    #   ## #  # ##   ###  ####   #### # ##   #### "
    "##  #   #      #  # #     #   # # # ##  # #   # #   # #   # ##  # #     "
    "#   #   #      #  ##      #   # # # #   # #   # #   # #   # #      ###  "
    "#   #   #      #  # #     #   # # # #   # #   # ####   #### #         # "
    "#   #  ###     #  #  #   ###  # # # #   #  ###  #         # #     ####  "
    "             ##                                 #         #             "
    // t u v w x y z { | } ~ and, for what is unknown, a box
    " #                                           ##   #   ##          ##### "
    " #                                          #     #     #         #   # "
    "####  #   # #   # #   # #   # #   # #####   #     #     #    #  # #   # "
    " #    #   # #   # # # #  # #  #   #    #   #      #      #  # # # #   # "
    " #    #   # #   # # # #   #   #   #   #     #     #     #   #  #  #   # "
    " #    #  ##  # #  # # #  # #   ####  #      #     #     #         #   # "
    "  ##   ## #   #    # #  #   #     # #####    ##   #   ##          ##### "
    "                               ###                                      ";
// clang-format on

/// Whether pixel (x, y) of the glyph of `character` is set; what is not printable ASCII is a box.
constexpr bool is_set(char character, int x, int y) {
  int index = character >= ' ' && character <= '~' ? character - ' ' : '~' + 1 - ' ';
  int row = index / kGlyphsPerBand * kGlyphHeight + y;
  int column = index % kGlyphsPerBand * (kGlyphWidth + 1) + x;
  return kBands[static_cast<size_t>(row * kBandWidth + column)] == '#';
}

}  // namespace camloop::font
