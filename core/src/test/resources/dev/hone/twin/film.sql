-- Inverted indexes measured once, after the formula for them had been changed with inverted.sql in view. @rows@ rows.
SELECT setseed(0.11);
CREATE SCHEMA film; SET search_path = film, public;
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
CREATE TABLE film (id int, name text, plot text, genres text[], cast_ids int[], marks int[], info jsonb, stats jsonb, note text, year int);
INSERT INTO film SELECT g,
 (ARRAY['Red','Blue','Lost','Last','Dark','Golden','Silent','Broken'])[1+(random()*7)::int]||' '||(ARRAY['River','House','Heart','Train','Night','Sea','Game'])[1+(random()*6)::int]||' '||(g%700),
 (SELECT string_agg((ARRAY['a','man','woman','finds','loses','town','war','love','secret','murder','family','old','young','friend','city','island'])[1+(random()*15)::int] || CASE WHEN random()<0.3 THEN chr(97+(random()*25)::int)||chr(97+(random()*25)::int)||chr(97+(random()*25)::int) ELSE '' END,' ') FROM generate_series(1,8+g%20)),
 ARRAY(SELECT (ARRAY['drama','comedy','horror','crime','war','music','short'])[1+(random()*random()*6)::int] FROM generate_series(1,1+g%3)),
 ARRAY(SELECT (abs(random()+random()+random()-1.5)*20000)::int FROM generate_series(1,3+g%9)),
 ARRAY(SELECT (random()*10)::int FROM generate_series(1,g%6)),
 jsonb_build_object('director','d'||(random()^3*3000)::int,'released',date '1950-01-01'+(random()*25000)::int,'country',(ARRAY['US','FR','JP','IN'])[1+(random()*random()*3)::int],'seasons',jsonb_build_array((random()*20)::int,(random()*9)::int)),
 jsonb_build_object('views',(exp(random()*12))::int,'votes',(random()*900)::int,'url','/t/'||md5((g%6000)::text)),
 CASE WHEN random()<0.2 THEN md5((random()*500)::int::text) END, 1950+g%70
FROM generate_series(1, @rows@) g;
RESET search_path;
