/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/watermark/screen.h"

#include <pango/pangocairo.h>
#include <stdio.h>
#include <stdbool.h>

#define TEXT_SIZE 65536

struct page {
	cairo_surface_t *surface;
	cairo_t *cairo;
	struct dice dice;
};

static const char *const latin[] = {"the", "contract", "of", "delivery", "is", "signed", "by",
	"both", "parties", "before", "March", "and", "no", "copy", "leaves", "building", "revenue",
	"forecast", "2027", "EUR", "1,204.50", "customer", "list", "as", "agreed", "in", "Annex",
	"B.", "Therefore", "we", "must", "not", "publish", "quarterly", "figures", "until"};
static const char *const chinese[] = {"合同", "客户", "名单", "不得", "复制", "季度", "报告",
	"收入", "预测", "双方", "签字", "之前", "公司", "机密", "文件", "的", "与", "在", "和",
	"，", "。", "根据", "附件", "约定", "技术", "图纸", "供应商", "价格", "一月", "部门"};
static const char *const code[] = {"static int", "return r;", "if (r < 0)", "struct", "{", "}",
	"for (size_t i = 0; i < n; i++)", "const char *", "name", "= NULL;", "free(", "buffer",
	");", "switch (kind)", "case", "break;", "/* why */", "sizeof(*x)", "\t", "\t\t"};

/* Lines of words; in Chinese there is nothing between two. */
static void words(struct page *page, const char *const *from, unsigned int count,
	unsigned int lines, unsigned int length, const char *between, char *ret_text)
{
	size_t used = 0;

	for (unsigned int line = 0; line < lines; line++) {
		unsigned int wanted = 1 + dice_below(&page->dice, length);

		for (unsigned int i = 0; i < wanted && used + 64 < TEXT_SIZE; i++)
			used += (size_t)snprintf(ret_text + used, TEXT_SIZE - used, "%s%s",
				from[dice_below(&page->dice, count)], between);
		used += (size_t)snprintf(ret_text + used, TEXT_SIZE - used, "\n");
	}
}

static void rectangle(
	struct page *page, unsigned int colour, double x, double y, double width, double height)
{
	cairo_set_source_rgb(page->cairo, (colour >> 16 & 255) / 255.0, (colour >> 8 & 255) / 255.0,
		(colour & 255) / 255.0);
	cairo_rectangle(page->cairo, x, y, width, height);
	cairo_fill(page->cairo);
}

static void write_text(struct page *page, const char *font, unsigned int colour, double x, double y,
	int width, const char *text)
{
	PangoLayout *layout = pango_cairo_create_layout(page->cairo);
	PangoFontDescription *description = pango_font_description_from_string(font);

	pango_layout_set_font_description(layout, description);
	pango_font_description_free(description);
	if (width > 0)
		pango_layout_set_width(layout, width * PANGO_SCALE);
	pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_text(layout, text, -1);
	cairo_set_source_rgb(page->cairo, (colour >> 16 & 255) / 255.0, (colour >> 8 & 255) / 255.0,
		(colour & 255) / 255.0);
	cairo_move_to(page->cairo, x, y);
	pango_cairo_show_layout(page->cairo, layout);
	g_object_unref(layout);
}

static void frame(struct page *page, unsigned int bar, unsigned int ground, const char *title)
{
	rectangle(page, ground, 0, 0, SCREEN_WIDTH, SCREEN_HEIGHT);
	rectangle(page, bar, 0, 0, SCREEN_WIDTH, 30);
	rectangle(page, bar, 0, SCREEN_HEIGHT - 36, SCREEN_WIDTH, 36);
	write_text(page, "Sans 10", ground > 0x808080 ? 0x202020 : 0xd0d0d0, 12, 6, 0, title);
}

static void document(
	struct page *page, const char *const *from, unsigned int count, const char *between)
{
	static char text[TEXT_SIZE];
	int width = 720 + (int)dice_below(&page->dice, 500);
	char font[32];

	(void)snprintf(font, sizeof(font), "Serif %u", 11 + dice_below(&page->dice, 4));
	frame(page, 0xe8e8ec, 0xc8c8cc, "Document");
	rectangle(page, 0xf5f6f7, 0, 30, SCREEN_WIDTH, 90);
	rectangle(page, 0xffffff, (SCREEN_WIDTH - width) / 2.0, 140, width, SCREEN_HEIGHT);
	words(page, from, count, 24, 60, between, text);
	write_text(page, font, 0x101010, (SCREEN_WIDTH - width) / 2.0 + 70, 190, width - 140, text);
	rectangle(page, 0xe8e8ec, 0, SCREEN_HEIGHT - 36, SCREEN_WIDTH, 36);
}

#define COUNT(array) (unsigned int)(sizeof(array) / sizeof(*(array)))

static void draw_english(struct page *page)
{
	document(page, latin, COUNT(latin), " ");
}

static void draw_chinese(struct page *page)
{
	document(page, chinese, COUNT(chinese), "");
}

static void draw_terminal(struct page *page)
{
	static const unsigned int grounds[] = {0x000000, 0x1e1e1e, 0x300a24, 0x002b36};
	static char text[TEXT_SIZE];

	frame(page, 0x303030, grounds[dice_below(&page->dice, 4)], "user@host: ~");
	words(page, latin, COUNT(latin), 55, 22, " ", text);
	write_text(page, "Monospace 11", 0xc8d0c8, 6, 34, 0, text);
}

static void draw_ide(struct page *page)
{
	static const unsigned int colours[] = {0x9cdcfe, 0xce9178, 0xd4d4d4, 0x6a9955, 0xc586c0};
	static char text[TEXT_SIZE];

	frame(page, 0x333337, 0x1e1e1e, "project - editor");
	rectangle(page, 0x252526, 0, 30, 300, SCREEN_HEIGHT - 66);
	words(page, latin, COUNT(latin), 44, 3, "_", text);
	write_text(page, "Sans 10", 0xbbbbbb, 20, 50, 260, text);
	for (unsigned int line = 0; line < 50; line++) {
		words(page, code, COUNT(code), 1, 9, " ", text);
		write_text(page, "Monospace 10", colours[dice_below(&page->dice, 5)], 340,
			40 + 20 * line, 0, text);
	}
}

static void draw_table(struct page *page)
{
	frame(page, 0xe8e8ec, 0xffffff, "Table");
	rectangle(page, 0x217346, 0, 30, SCREEN_WIDTH, 60);
	for (unsigned int row = 0; row < 42; row++)
		for (unsigned int column = 0; column < 16; column++) {
			double x = 40 + 120 * column, y = 100 + 22 * row;
			char text[32];

			rectangle(page, 0xd4d4d4, x, y, 120, 1);
			rectangle(page, 0xd4d4d4, x, y, 1, 22);
			if (row == 0)
				rectangle(page, 0xe2efda, x + 1, y + 1, 119, 21);
			if (dice_below(&page->dice, 4) == 0)
				continue;
			(void)snprintf(
				text, sizeof(text), "%.2f", dice_between(&page->dice, 0, 99999));
			write_text(page, "Sans 9", 0x202020, x + 40, y + 3, 0, text);
		}
	rectangle(page, 0xe8e8ec, 0, SCREEN_HEIGHT - 36, SCREEN_WIDTH, 36);
}

static void draw_photos(struct page *page)
{
	static char text[TEXT_SIZE];

	frame(page, 0xdee1e6, 0xfafafa, "https://example.com/");
	for (int i = 0; i < 6; i++) {
		const cairo_rectangle_int_t where = {160 + i % 3 * 540, 80 + i / 3 * 480, 500, 330};

		scene_draw(page->surface, &page->dice, &where);
		words(page, latin, COUNT(latin), 3, 20, " ", text);
		write_text(page, "Sans 10", 0x303030, where.x, where.y + 340, 500, text);
	}
}

static void draw_film(struct page *page)
{
	const int bar = (int)dice_below(&page->dice, 2) * 132;
	const cairo_rectangle_int_t where = {0, bar, SCREEN_WIDTH, SCREEN_HEIGHT - 2 * bar};

	scene_draw(page->surface, &page->dice, &where);
	write_text(page, "Sans Bold 26", 0xffffff, 700, SCREEN_HEIGHT - 120, 0, "- No. 不行。");
}

static void sparse(struct page *page, unsigned int ground, unsigned int ink)
{
	static char text[TEXT_SIZE];

	frame(page, ground, ground, "");
	words(page, latin, COUNT(latin), 3, 8, " ", text);
	write_text(page, "Sans 12", ink, dice_between(&page->dice, 100, 1400),
		dice_between(&page->dice, 100, 900), 400, text);
}

static void draw_white(struct page *page)
{
	sparse(page, 0xffffff, 0x202020);
}

static void draw_black(struct page *page)
{
	sparse(page, dice_below(&page->dice, 2) ? 0x000000 : 0x121212, 0xc0c0c0);
}

static void draw_chat(struct page *page)
{
	static char text[TEXT_SIZE];

	frame(page, 0x2e3440, 0xededed, "Chat");
	rectangle(page, 0x34495e, 0, 30, 420, SCREEN_HEIGHT - 66);
	for (unsigned int i = 0; i < 14; i++) {
		bool is_own = dice_below(&page->dice, 2);
		bool is_latin = dice_below(&page->dice, 2);
		double x = is_own ? 1250 : 480, y = 50 + 70 * i;

		rectangle(page, is_own ? 0x95ec69 : 0xffffff, x, y, 620, 56);
		words(page, is_latin ? latin : chinese, is_latin ? COUNT(latin) : COUNT(chinese), 1,
			14, is_latin ? " " : "", text);
		write_text(page, "Sans 11", 0x181818, x + 12, y + 8, 596, text);
	}
}

static const struct {
	const char *name;
	void (*draw)(struct page *page);
} kinds[] = {
	{"English document", draw_english},
	{"Chinese document", draw_chinese},
	{"terminal", draw_terminal},
	{"dark editor", draw_ide},
	{"spreadsheet", draw_table},
	{"page of photos", draw_photos},
	{"film", draw_film},
	{"mostly white", draw_white},
	{"mostly black", draw_black},
	{"chat", draw_chat},
};

const char *screen_kind(unsigned int number)
{
	return kinds[number % COUNT(kinds)].name;
}

cairo_surface_t *screen_draw(uint64_t seed, unsigned int number)
{
	struct page page = {
		.surface = cairo_image_surface_create(
			CAIRO_FORMAT_RGB24, SCREEN_WIDTH, SCREEN_HEIGHT),
		.dice = {seed * 1000003 + number},
	};

	page.cairo = cairo_create(page.surface);
	kinds[number % COUNT(kinds)].draw(&page);
	cairo_destroy(page.cairo);
	cairo_surface_flush(page.surface);
	return page.surface;
}

struct image screen_image(cairo_surface_t *surface)
{
	struct image image = image_new(SCREEN_WIDTH, SCREEN_HEIGHT);
	const uint8_t *bytes = cairo_image_surface_get_data(surface);
	int stride = cairo_image_surface_get_stride(surface);

	for (unsigned int y = 0; y < image.height; y++) {
		const uint32_t *row =
			(const uint32_t *)(const void *)(bytes + (ptrdiff_t)stride * (int)y);

		for (unsigned int x = 0; x < image.width; x++) {
			uint8_t *to = image_pixel(&image, x, y);

			to[0] = (uint8_t)(row[x] >> 16);
			to[1] = (uint8_t)(row[x] >> 8);
			to[2] = (uint8_t)row[x];
		}
	}
	return image;
}
