/** User agents as the shop's visitors send them, by platform. `%` stands for a version number that varies. */

import type { Random } from './random.ts'

type Platform = 'web' | 'ios' | 'android'
type Template = readonly [weight: number, text: string, low: number, high: number]

const TEMPLATES: { readonly [platform in Platform]: readonly Template[] } = {
  web: [
    [
      30,
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%.0.0.0 Safari/537.36',
      104,
      131,
    ],
    [
      12,
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%.0.0.0 Safari/537.36',
      115,
      131,
    ],
    [
      12,
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/%.3 Safari/605.1.15',
      14,
      18,
    ],
    [
      9,
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%.0.0.0 Safari/537.36 Edg/128.0.2739.67',
      120,
      130,
    ],
    [8, 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:109.0) Gecko/20100101 Firefox/%.0', 102, 132],
    [4, 'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/%.0', 115, 132],
    [
      4,
      'Mozilla/5.0 (X11; CrOS x86_64 15633.69.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%.0.6045.212 Safari/537.36',
      114,
      127,
    ],
    [
      3,
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0.0.0 Safari/537.36 OPR/%.0.0.0',
      100,
      114,
    ],
    [
      10,
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/%.5 Mobile/15E148 Safari/604.1',
      15,
      18,
    ],
    [
      3,
      'Mozilla/5.0 (iPad; CPU OS 16_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/%.3 Mobile/15E148 Safari/604.1',
      15,
      17,
    ],
    [
      9,
      'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%.0.0.0 Mobile Safari/537.36',
      112,
      131,
    ],
    [
      3,
      'Mozilla/5.0 (Linux; Android 13; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/%.0 Chrome/115.0.0.0 Mobile Safari/537.36',
      20,
      25,
    ],
    [2, 'Mozilla/5.0 (Android 14; Mobile; rv:109.0) Gecko/%.0 Firefox/123.0', 121, 129],
    [1, 'Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:%.0) like Gecko', 11, 11],
    [1, 'Mozilla/4.0 (compatible; MSIE %.0; Windows NT 6.1; Trident/5.0)', 9, 10],
    [2, 'Mozilla/5.0 (compatible; ShelfBot/%.0; +https://shelfbot.example/about)', 2, 4],
  ],
  ios: [
    [6, 'LarchAndLoom/4.12.0 (iPhone; iOS %.4.1; Scale/3.00)', 14, 18],
    [
      3,
      'Mozilla/5.0 (iPhone; CPU iPhone OS %_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148',
      15,
      18,
    ],
    [1, 'LarchAndLoom/4120 CFNetwork/1408.0.4 Darwin/%.5.0', 21, 23],
  ],
  android: [
    [
      6,
      'Mozilla/5.0 (Linux; Android %; Pixel 7 Build/TQ3A.230805.001; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/118.0.0.0 Mobile Safari/537.36',
      10,
      15,
    ],
    [3, 'LarchAndLoom/4.11.3 (Linux; Android %; Fairphone 4)', 11, 14],
    [1, 'okhttp/%.12.0', 4, 4],
  ],
}

export function userAgentOf(random: Random, platform: Platform): string {
  const [, text, low, high] = random.weighted(TEMPLATES[platform].map((template) => [template[0], template]))
  return text.replace('%', String(random.integer(low, high)))
}
